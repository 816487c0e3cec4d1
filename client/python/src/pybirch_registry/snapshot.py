"""Downloads a version as a zip file over plain HTTP, for networks that block git."""

import base64
import hashlib
import io
import zipfile

from .api import Http, describe_stranger
from .archives import DAMAGED, open_entries, read_entry
from .errors import AnswerError, RefusedError, UnreachableError
from .files import sha256
from .text import logger
from .wire import Bounds

log = logger(__name__)

MAX_BYTES = 64 * 1024 * 1024
"""The most bytes that a version may have. The registry accepts at most 32 MiB."""


def fetch_snapshot(http: Http, definition_id: int, version: int, commit: str) -> dict[str, bytes]:
    """Returns the files by path, as the registry sent them. The caller compares the files with the manifest.

    Raises `UnreachableError`, `AnswerError`, or `RefusedError` if the files do not match the hashes in the answer.
    """
    path = f"/api/instrument-definitions/{definition_id}/snapshot?version={version}"
    response = http.request("GET", path, headers={"Accept": "application/zip"}, bounds=Bounds(most_bytes=MAX_BYTES))
    kind = response.headers.get("Content-Type", "").split(";")[0]
    if response.status != 200 and "json" in kind:
        raise AnswerError(f"The registry gives no snapshot ({response.status})", response.status)
    if kind != "application/zip":
        raise UnreachableError(describe_stranger(http.url, kind, response.status))
    data = response.data
    digest = response.headers.get("Repr-Digest")
    expected = f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
    if digest is not None and digest != expected:
        raise RefusedError("its snapshot was changed on the way")
    if response.headers.get("X-Commit", commit) != commit:
        raise RefusedError("its snapshot is from another commit than the registry lists")
    files = _unzip(data)
    if response.headers.get("X-Files-SHA256", digest_of(files)) != digest_of(files):
        raise RefusedError("its snapshot's files are not what the registry says they are")
    return files


def digest_of(files: dict[str, bytes]) -> str:
    """The SHA-256 of a text: the lines that sha256sum(1) prints for the files, sorted by the bytes of the paths."""
    lines = (f"{sha256(files[path])}  {path}\n" for path in sorted(files, key=str.encode))
    return sha256("".join(lines).encode())


def _unzip(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = open_entries(archive)
            if sum(entry.file_size for entry in entries.values()) > MAX_BYTES:
                raise RefusedError("its snapshot is larger than any definition")
            return {name: read_entry(archive, entry) for name, entry in entries.items()}
    except DAMAGED as error:
        log.info("%r", error)
        raise RefusedError("its snapshot is damaged") from error
