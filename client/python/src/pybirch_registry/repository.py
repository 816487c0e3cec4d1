"""A definition's history on this computer: a bare repository that dulwich fetches and reads."""

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from dulwich.client import HttpGitClient
from dulwich.objects import Blob, Commit, Tag, Tree
from dulwich.repo import Repo

from .errors import RefusedError, RegistryError
from .files import discard

MAIN = b"refs/heads/main"
TAGS = b"refs/tags/v"


class DamagedError(RegistryError):
    """The repository on the disk is not whole."""

    code = "damaged"


@dataclass(frozen=True)
class TagRecord:
    """What a version's tag says."""

    raw: bytes
    tagged_at: float
    commit: str
    message: str

    @property
    def record(self) -> dict[str, Any]:
        """The registry's record of the version, from the tag's message; empty where there is none."""
        text = self.message.partition("-----BEGIN")[0].partition("\n\n")[2]
        try:
            value = json.loads(text)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Repository:
    """Of one definition. Methods that read raise `DamagedError`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fetch(
        self,
        url: str,
        token: str,
        pool: urllib3.PoolManager,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        """Brings `main` and the versions' tags. Refs move only once all objects are there, `main` only forwards.

        Raises whatever dulwich and urllib3 raise, `RefusedError` for a rewritten `main`, `DamagedError`.
        """
        base, _, path = url.rpartition("/definitions/")
        client = HttpGitClient(base, pool_manager=pool, username="computer", password=token, quiet=True)
        repo = self._open_or_make()
        try:
            result = client.fetch(
                f"definitions/{path}".encode(),
                repo,
                determine_wants=lambda refs, depth=None: [
                    sha
                    for ref, sha in refs.items()
                    if sha is not None and _is_wanted(ref) and sha not in repo.object_store
                ],
                ref_prefix=[MAIN, TAGS],
                progress=(lambda text: progress(text.decode(errors="replace"))) if progress else None,
            )
            self.move_refs(repo, {ref: sha for ref, sha in result.refs.items() if sha is not None})
        finally:
            repo.close()

    def move_refs(self, repo: Repo, refs: dict[Any, Any]) -> None:
        """Takes over `main` and new tags. Raises `RefusedError` where history was rewritten."""
        new = refs.get(MAIN)
        if new is None:
            raise RefusedError("the registry has no version of it")
        old = repo.refs.read_ref(MAIN)  # type: ignore[arg-type,unused-ignore]
        if old is not None and old != new and not _is_ancestor(repo, old, new):
            raise RefusedError("the registry's history of it was rewritten: versions are missing from it")
        for ref, sha in refs.items():
            if ref == MAIN or not _is_wanted(ref):
                continue
            before = repo.refs.read_ref(ref)
            if before is not None and before != sha:
                raise RefusedError(f"the registry's tag {ref[10:].decode()} was rewritten")
            repo.refs[ref] = sha
        repo.refs[MAIN] = new  # type: ignore[index,unused-ignore]

    def is_on_main(self, commit: str) -> bool:
        """Whether a commit is one of the versions: on the first-parent line of the fetched `main`."""
        with self._reading() as repo:
            head = repo.refs.read_ref(MAIN)  # type: ignore[arg-type,unused-ignore]
            return head is not None and _is_ancestor(repo, commit.encode(), head)

    def has(self, commit: str) -> bool:
        """As `is_on_main`, and False where nothing was fetched yet."""
        return (self.path / "HEAD").exists() and self.is_on_main(commit)

    def tag(self, version: int) -> TagRecord | None:
        with self._reading() as repo:
            sha = repo.refs.read_ref(TAGS + str(version).encode())  # type: ignore[arg-type,unused-ignore]
            if sha is None:
                return None
            tag = repo[sha]
            if not isinstance(tag, Tag):
                return None
            raw = tag.as_raw_string()
            return TagRecord(
                raw=raw,
                tagged_at=float(tag.tag_time or 0),
                commit=tag.object[1].decode(),
                message=raw.partition(b"\n\n")[2].decode(errors="replace"),
            )

    def version_numbers(self) -> list[int]:
        """Newest first."""
        with self._reading() as repo:
            names = [ref[len(TAGS) :].decode() for ref in repo.refs.keys() if ref.startswith(TAGS)]  # noqa: SIM118
            return sorted((int(name) for name in names if name.isdigit()), reverse=True)

    def files(self, commit: str) -> dict[str, bytes]:
        """Every file of a commit; each object is held against its own hash."""
        with self._reading() as repo:
            found = repo[commit.encode()]
            if not isinstance(found, Commit):
                raise DamagedError(f"{commit} is no commit")
            files: dict[str, bytes] = {}
            pending = [("", found.tree)]
            while pending:
                prefix, sha = pending.pop()
                tree = repo[sha]
                _check(tree, sha)
                assert isinstance(tree, Tree)
                for entry in tree.items():
                    path = prefix + (entry.path or b"").decode()
                    if (entry.mode or 0) & 0o170000 == 0o040000:
                        pending.append((f"{path}/", entry.sha))
                        continue
                    blob = repo[entry.sha]
                    _check(blob, entry.sha)
                    assert isinstance(blob, Blob)
                    files[path] = blob.as_raw_string()
            return files

    def adopt_bundle(self, content: bytes) -> None:
        """Takes over what a git bundle holds. Raises `RefusedError`, `DamagedError`, or what dulwich raises."""
        from dulwich.bundle import read_bundle

        bundle = read_bundle(io.BytesIO(content))
        repo = self._open_or_make()
        try:
            bundle.store_objects(repo.object_store)
            self.move_refs(repo, dict(bundle.references))
        finally:
            bundle.close()
            repo.close()

    def discard(self) -> None:
        """Forgets it, so that it can be fetched anew."""
        if self.path.exists():
            discard(self.path)

    def _open_or_make(self) -> Repo:
        if (self.path / "HEAD").exists():
            try:
                return Repo(str(self.path))
            except Exception as error:  # whatever a damaged folder makes dulwich raise
                raise DamagedError(str(error)) from error
        if self.path.exists():  # a crash left the folder without its last file
            shutil.rmtree(self.path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return Repo.init_bare(str(self.path), mkdir=True)

    def _reading(self) -> "_Reading":
        return _Reading(self.path)


class _Reading:
    """Opens a repository for reading; whatever dulwich raises there, and that is many things, is `DamagedError`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Repo:
        try:
            self._repo = Repo(str(self._path))
        except Exception as error:  # whatever a damaged folder makes dulwich raise
            raise DamagedError(str(error)) from error
        return self._repo

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._repo.close()
        if isinstance(error, Exception) and not isinstance(error, RegistryError):
            raise DamagedError(f"{self._path}: {error!r}") from error


def _check(found: Any, sha: bytes) -> None:
    """Git names an object by its hash; dulwich does not look at it again when it reads one from the disk."""
    fresh = type(found).from_string(found.as_raw_string())
    if fresh.id != sha:
        raise DamagedError(f"object {sha.decode()} holds something else")


def _is_wanted(ref: bytes) -> bool:
    return ref == MAIN or (ref.startswith(TAGS) and ref[len(TAGS) :].isdigit())


def _is_ancestor(repo: Repo, commit: bytes, head: bytes) -> bool:
    """By first parents, which is the line of versions."""
    at: bytes | None = head
    while at is not None:
        if at == commit:
            return True
        found = repo[at]
        if not isinstance(found, Commit):
            return False
        at = found.parents[0] if found.parents else None
    return False
