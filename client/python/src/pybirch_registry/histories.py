"""Fetches the histories of many definitions in one answer, for a first sync.

The answer is not trusted. A history is kept in memory, and its version is checked as if git had fetched it. Nothing is
written to the disk before this check. If a step fails here, git fetches the definition instead.
"""

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dulwich.bundle import read_bundle
from dulwich.pack import PackInflater, write_pack_index_v2
from dulwich.refs import DictRefsContainer

from .api import UNREACHED, Http, decode, describe, describe_stranger, kind_of
from .errors import RefusedError, UnreachableError
from .files import write_tree
from .packs import check_pack
from .repository import MAIN, Repository, is_wanted, translate_errors
from .wire import ANSWER_BYTES, GIT_S, PACK_BYTES, Bounds

KIND = "application/vnd.pybirch.histories"
LONGEST_LINE = 1000
LARGEST = 4 * 1024 * 1024
"""The largest history that an answer may contain, in bytes."""
UNPACKED = 32 * 1024 * 1024
"""The largest unpacked history, in bytes. Histories are unpacked in memory."""
MOST_OBJECTS = 20_000
CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"


def fetch_histories(http: Http, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yields names and git bundles, in the order of `names`. Leaves out histories that are missing in the registry's
    answer.

    Raises `UnreachableError`, even in the middle of the answer. Raises `AnswerError` for a registry that is too old to
    send such answers, `NotEnrolledError`, or `RefusedError` if the answer is malformed.
    """
    bounds = Bounds(most_bytes=PACK_BYTES, longest_s=GIT_S)
    headers = {"Accept": f"{KIND}, application/json"}
    body = {"names": list(names)}
    response = http.request("POST", "/api/sync/histories", body, headers, bounds=bounds, is_whole=False)
    try:
        kind = kind_of(response)
        if response.status != 200 or kind != KIND:
            bounds.most_bytes = ANSWER_BYTES
            decode(response, http.url)
            raise UnreachableError(describe_stranger(http.url, kind, response.status))
        # With `auto_close`, reading at the end of the answer would raise an error instead of returning nothing.
        response.auto_close = False  # type: ignore[attr-defined,unused-ignore]
        yield from _parts(io.BufferedReader(response, 256 * 1024), names)  # type: ignore[type-var,unused-ignore]
    except UNREACHED as error:
        raise UnreachableError(describe(http.url, error)) from error
    finally:
        response.close()


def _parts(stream: io.BufferedReader, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        head = _line(stream)
        size = head.get("size")
        if head.get("name") != name or type(size) is not int or not 0 <= size <= LARGEST:
            raise RefusedError("the registry's answer with histories is malformed")
        content = stream.read(size)
        if len(content) != size:
            raise UnreachableError("the registry's answer with histories broke off")
        if size:
            yield name, content
    if _line(stream) != {"end": True} or stream.read(1):
        raise RefusedError("the registry's answer with histories does not end where it should")


def _line(stream: io.BufferedReader) -> dict[str, Any]:
    line = stream.readline(LONGEST_LINE)
    if not line:
        raise UnreachableError("the registry's answer with histories broke off")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if not line.endswith(b"\n") or not isinstance(value, dict):
        raise RefusedError("the registry's answer with histories is malformed")
    return value


class HeldHistory(Repository):
    """A history in memory with the interface of a repository. `save` writes the history to the disk."""

    def __init__(self, path: Path, content: bytes) -> None:
        """Reads `content`, a git bundle. Raises `RefusedError` if the bundle unpacks to more than may be kept
        in memory, `DamagedError` if it is damaged.
        """
        super().__init__(path)
        with translate_errors(path):
            self._pack = content[content.index(b"\n\n") + 2 :]
            try:
                check_pack(self._pack, UNPACKED, MOST_OBJECTS)
            except RefusedError as error:
                raise RefusedError("it unpacks to too much to keep in memory, so git fetches it instead") from error
            if hashlib.sha1(self._pack[:-20], usedforsecurity=False).digest() != self._pack[-20:]:
                raise ValueError("the pack does not match its checksum")
            with read_bundle(io.BytesIO(content)) as bundle:
                self._refs: dict[Any, Any] = {ref: sha for ref, sha in bundle.references.items() if is_wanted(ref)}
                pack = bundle.pack_data
                assert pack is not None
                # The name of each object is computed from its content, so a wrong object cannot have the name of the
                # right one.
                self._objects: dict[Any, Any] = {found.id: found for found in PackInflater.for_pack_data(pack)}  # type: ignore[arg-type,unused-ignore]
                self._entries = pack.sorted_entries()  # type: ignore[attr-defined,unused-ignore]
        self.refs = DictRefsContainer(self._refs)
        if MAIN not in self._refs:
            raise RefusedError("the registry has no version of it")

    def __getitem__(self, sha: bytes) -> Any:
        return self._objects[sha]

    @contextmanager
    def _open_for_reading(self) -> Iterator[Any]:
        with translate_errors(self.path):
            yield self

    def has(self, commit: str) -> bool:
        return self.is_on_main(commit)

    def save(self) -> None:
        """Writes the history as a repository. Raises `FolderError`. Raises `DamagedError` if a ref names a missing
        object. The caller holds a lock.

        Does not wait until the data is on the disk. If a power failure damages the history, the damage is noticed, and
        the history is fetched again.
        """
        with translate_errors(self.path):
            for sha in self._refs.values():
                self._objects[sha]
        index = io.BytesIO()
        write_pack_index_v2(index, self._entries, self._pack[-20:])
        name = f"objects/pack/pack-{self._pack[-20:].hex()}"
        lines = [b"%s %s\n" % (sha, ref) for ref, sha in sorted(self._refs.items())]
        files = {
            f"{name}.pack": self._pack,
            f"{name}.idx": index.getvalue(),
            "config": CONFIG,
            "packed-refs": b"".join(lines),
            "HEAD": b"ref: " + MAIN + b"\n",
        }
        write_tree(self.path, files, ("refs/heads", "refs/tags", "objects/info"), is_synced=False)
