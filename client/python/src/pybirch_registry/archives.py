"""Zip files that others made, read within bounds: what an entry says of its own size is not believed."""

import struct
import zipfile
import zlib

DAMAGED = (EOFError, zipfile.BadZipFile, zlib.error, struct.error, ValueError, RuntimeError, OverflowError)
"""What Python's zipfile raises for a file that is no whole zip, or is encrypted."""


def open_entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files in it by name. Raises `BadZipFile` where a name stands there twice: readers differ in which counts."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    found = {entry.filename: entry for entry in entries}
    if len(found) != len(entries):
        raise zipfile.BadZipFile("a name stands there twice")
    return found


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """As many bytes as the entry has; the caller has judged that number. Raises what is in `DAMAGED`.

    Only what is deflated or stored is read: of the other methods zipfile unpacks all at once, whatever was declared.
    """
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError(f"compressed by method {entry.compress_type}")
    with archive.open(entry) as file:
        parts, left = [], entry.file_size
        while left and (part := file.read(min(left, 1024 * 1024))):
            parts.append(part)
            left -= len(part)
        if left or file.read(1):
            raise zipfile.BadZipFile("an entry is not as long as it says")
    return b"".join(parts)
