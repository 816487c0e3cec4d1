"""Reads zip files from other people within size limits. The declared size of an entry is not trusted."""

import struct
import zipfile
import zlib

DAMAGED = (EOFError, zipfile.BadZipFile, zlib.error, struct.error, ValueError, RuntimeError, OverflowError)
"""What zipfile raises for a file that is damaged, encrypted or not a zip file."""


def open_entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files of an archive by name. Raises `BadZipFile` if a name appears twice, because zip readers disagree on
    which one counts.
    """
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    found = {entry.filename: entry for entry in entries}
    if len(found) != len(entries):
        raise zipfile.BadZipFile("a name appears twice")
    return found


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Reads as many bytes as the entry declares. The caller has checked the declared number of bytes. Raises the errors
    in `DAMAGED`.

    Reads only deflated and stored entries. For other compression methods, zipfile unpacks the whole entry, even beyond
    the declared size.
    """
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError(f"compressed by method {entry.compress_type}")
    with archive.open(entry) as file:
        parts, left = [], entry.file_size
        while left and (part := file.read(min(left, 1024 * 1024))):
            parts.append(part)
            left -= len(part)
        if left or file.read(1):
            raise zipfile.BadZipFile("an entry has another length than it declares")
    return b"".join(parts)
