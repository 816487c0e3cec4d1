"""The history of a definition on this computer, as a bare repository that dulwich fetches and reads."""

import hashlib
import io
import json
import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import urllib3
from dulwich.client import HttpGitClient
from dulwich.objects import Blob, Commit, Tag, Tree
from dulwich.repo import Repo

from .errors import RefusedError, RegistryError
from .files import clear_partial, discard
from .packs import check_pack
from .signatures import split_tag
from .text import logger

log = logger(__name__)

MAIN = b"refs/heads/main"
TAGS = b"refs/tags/v"
ATTESTED = b"refs/tags/attested"
"""The attestation: a signed list of versions whose own tags are too old to name their definition."""


class DamagedError(RegistryError):
    """The repository on the disk is damaged or incomplete."""

    code = "damaged"


@dataclass(frozen=True)
class TagRecord:
    """The content of an annotated tag."""

    id: str
    """The id of the tag object."""
    raw: bytes
    """The signed bytes of the tag object."""
    name: str
    """The name in the tag object. The ref of the tag may have another name."""
    tagged_at: float
    commit: str

    @property
    def record(self) -> dict[str, Any]:
        """The registry's record of the version, which is the tag's message without its title, or an empty
        record if there is none.
        """
        message = split_tag(self.raw)[0].partition(b"\n\n")[2]
        try:
            value = json.loads(message.partition(b"\n\n")[2])
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Repository:
    """The repository of one definition. Methods that read raise `DamagedError`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fetch(
        self,
        registry: str,
        token: str,
        pool: urllib3.PoolManager,
        progress: Callable[[str], None] | None = None,
        on_refs: Callable[[], None] = lambda: None,
    ) -> None:
        """Fetches `main` and the version tags from the registry at this address. Calls `on_refs` when the refs have
        arrived, before the objects are requested.

        Refs move only when all objects have arrived, and `main` only moves forward. Raises `RefusedError` for a
        rewritten history, `DamagedError`, and the errors of dulwich and urllib3.
        """

        def wanted(refs: Any, depth: Any = None) -> list[Any]:
            on_refs()
            return [sha for ref, sha in refs.items() if sha and is_wanted(ref) and sha not in repo.object_store]

        client = HttpGitClient(registry, pool_manager=pool, username="computer", password=token, quiet=True)
        with self._open_for_writing() as repo:
            with TemporaryFile(dir=self.path) as file:
                result = client.fetch_pack(
                    f"definitions/{self.path.name}".encode(),
                    wanted,
                    repo.get_graph_walker(),
                    file.write,
                    ref_prefix=[MAIN, TAGS, ATTESTED],
                    progress=(lambda text: progress(text.decode(errors="replace"))) if progress else None,
                )
                if file.tell():
                    file.flush()
                    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as pack:
                        check_pack(pack)
                    file.seek(0)
                    repo.object_store.add_thin_pack(file.read, None)
            with translate_errors(self.path):
                self._move_refs(repo, {ref: sha for ref, sha in result.refs.items() if sha is not None})

    def _move_refs(self, repo: Repo, refs: dict[Any, Any], may_be_old: bool = False) -> None:
        """Updates `main` and adds new tags. Raises `RefusedError` for a rewritten history.

        With `may_be_old`, a `main` that is older than the one here is ignored.
        """
        new = refs.get(MAIN)
        if new is None:
            raise RefusedError("the registry has no version of it")
        old = repo.refs.read_ref(MAIN)  # type: ignore[arg-type,unused-ignore]
        is_old = may_be_old and old is not None and _is_ancestor(repo, new, old)
        if old is not None and old != new and not is_old and not _is_ancestor(repo, old, new):
            raise RefusedError("the registry's history of it was rewritten: versions are missing from it")
        for ref, sha in refs.items():
            if ref == MAIN or not is_wanted(ref):
                continue
            before = repo.refs.read_ref(ref)
            if before is not None and before != sha:
                raise RefusedError(f"the registry's tag {ref[10:].decode()} was rewritten")
            repo.refs[ref] = sha
        if not is_old:
            repo.refs[MAIN] = new  # type: ignore[index,unused-ignore]

    @contextmanager
    def restore_if_refused(self) -> Iterator[None]:
        """Restores the refs if the fetched history is refused. If a false history stayed, the registry's real
        history would look rewritten. The caller holds a lock.
        """
        before = self._wanted_refs()
        try:
            yield
        except RefusedError:
            with self._open_for_writing() as repo:
                for ref in repo.refs.keys():  # noqa: SIM118
                    if is_wanted(ref) and ref not in before:
                        del repo.refs[ref]
                for ref, sha in before.items():
                    repo.refs[ref] = sha
            raise

    def _wanted_refs(self) -> dict[Any, Any]:
        if not (self.path / "HEAD").exists():
            return {}
        with self._open_for_reading() as repo:
            refs = ((ref, repo.refs.read_ref(ref)) for ref in repo.refs.keys())  # noqa: SIM118
            return {ref: sha for ref, sha in refs if sha is not None and is_wanted(ref)}

    def is_on_main(self, commit: str) -> bool:
        """Whether a commit is a version: a version is on the first-parent line of the fetched `main`."""
        with self._open_for_reading() as repo:
            head = repo.refs.read_ref(MAIN)  # type: ignore[arg-type,unused-ignore]
            return head is not None and _is_ancestor(repo, commit.encode(), head)

    def has(self, commit: str) -> bool:
        """As `is_on_main`. Returns False if no history was fetched yet."""
        return (self.path / "HEAD").exists() and self.is_on_main(commit)

    def tag(self, version: int) -> TagRecord | None:
        return self._tag(TAGS + str(version).encode())

    def attested(self) -> TagRecord | None:
        """The tag with the attestation (the list of versions whose own tags do not name their definition), or
        None without one.
        """
        return self._tag(ATTESTED)

    def _tag(self, ref: bytes) -> TagRecord | None:
        with self._open_for_reading() as repo:
            sha = repo.refs.read_ref(ref)  # type: ignore[arg-type,unused-ignore]
            if sha is None:
                return None
            tag = repo[sha]
            if not isinstance(tag, Tag):
                return None
            raw = tag.as_raw_string()
            return TagRecord(
                id=tag_id(raw),
                raw=raw,
                name=tag.name.decode(errors="replace"),
                tagged_at=float(tag.tag_time or 0),
                commit=tag.object[1].decode(),
            )

    def version_numbers(self) -> list[int]:
        """Returns the version numbers, newest first."""
        with self._open_for_reading() as repo:
            names = [ref[len(TAGS) :].decode() for ref in repo.refs.keys() if ref.startswith(TAGS)]  # noqa: SIM118
            return sorted((int(name) for name in names if name.isdigit()), reverse=True)

    def files(self, commit: str) -> dict[str, bytes]:
        """The content of every file of a commit, by path. Each object is checked against its hash."""
        with self._open_for_reading() as repo:
            found = repo[commit.encode()]
            if not isinstance(found, Commit):
                raise DamagedError(f"{commit} is not a commit")
            _check(found, commit.encode())
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
        """Adds the objects and refs of a git bundle. Raises `RefusedError`, `DamagedError`, or an error of dulwich."""
        from dulwich.bundle import read_bundle

        check_pack(content[content.index(b"\n\n") + 2 :])
        bundle = read_bundle(io.BytesIO(content))
        try:
            with self._open_for_writing() as repo:
                bundle.store_objects(repo.object_store)
                self._move_refs(repo, dict(bundle.references), may_be_old=True)
        finally:
            bundle.close()

    def discard(self) -> None:
        """Deletes the repository, so that it can be fetched again. Raises `OSError`."""
        discard(self.path)

    @contextmanager
    def _open_for_writing(self) -> Iterator[Repo]:
        """Opens or creates the repository. The caller holds a lock."""
        clear_partial(self.path.parent, f"{self.path.name}-")
        if not (self.path / "HEAD").exists():
            discard(self.path)  # a crash may have left the folder incomplete
            self.path.parent.mkdir(parents=True, exist_ok=True)
            Repo.init_bare(str(self.path), mkdir=True).close()
        with translate_errors(self.path):
            repo = Repo(str(self.path))
        try:
            yield repo
        finally:
            repo.close()

    @contextmanager
    def _open_for_reading(self) -> Iterator[Repo]:
        with translate_errors(self.path):
            repo = Repo(str(self.path))
            try:
                yield repo
            finally:
                repo.close()


@contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Turns the errors that dulwich raises for a damaged repository into `DamagedError`."""
    try:
        yield
    except RegistryError:
        raise
    except Exception as error:
        log.info("%s: %r", path, error)
        raise DamagedError(f"{path} is damaged") from error


def _check(found: Any, sha: bytes) -> None:
    """Checks an object's hash, because dulwich does not check objects that it reads from the disk."""
    fresh = type(found).from_string(found.as_raw_string())
    if fresh.id != sha:
        raise DamagedError(f"object {sha.decode()} has the wrong content")


def tag_id(raw: bytes) -> str:
    """The id that git gives a tag object."""
    return hashlib.sha1(b"tag %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()


def is_wanted(ref: bytes) -> bool:
    return ref in (MAIN, ATTESTED) or (ref.startswith(TAGS) and ref[len(TAGS) :].isdigit())


def _is_ancestor(repo: Repo, commit: bytes, head: bytes) -> bool:
    """Whether a commit is an ancestor of another by first parents. Versions form a line of first parents."""
    at: bytes | None = head
    while at is not None:
        if at == commit:
            return True
        found = repo[at]
        if not isinstance(found, Commit):
            return False
        at = found.parents[0] if found.parents else None
    return False
