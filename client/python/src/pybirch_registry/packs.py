"""Limits what a git pack unpacks to. In git's format, a few bytes can unpack to any number of bytes.

The sizes come from the pack's own headers. A pack is checked before anything in it is unpacked. dulwich then limits
each object to the size that the pack declares.
"""

import mmap
import struct
import zlib

from .errors import RefusedError

MOST_OBJECTS = 1_000_000
OBJECT_BYTES = 64 * 1024 * 1024
"""The largest object, in bytes. The registry accepts 32 MiB for all files of a version."""
UNPACKED_BYTES = 2 * 1024 * 1024 * 1024
"""The most bytes that all objects of a pack may have together."""
SLICE = 4096
OFS_DELTA, REF_DELTA = 6, 7
DELTA_HEAD = 20
"""The most bytes that the two sizes at the start of a delta can take."""


def check_pack(pack: bytes | mmap.mmap, most_bytes: int = UNPACKED_BYTES, most_objects: int = MOST_OBJECTS) -> None:
    """Checks the declared sizes. Raises `RefusedError` for a pack that unpacks to more than the limits, `ValueError` if
    it is not a pack.
    """
    if len(pack) < 12 or pack[:4] != b"PACK":
        raise ValueError("no pack")
    (count,) = struct.unpack(">L", pack[8:12])
    if count > most_objects:
        raise _refused(f"{count} objects")
    at, total = 12, 0
    with memoryview(pack) as view:
        for _ in range(count):
            try:
                at, size = _object(view, at)
            except (IndexError, zlib.error) as error:
                raise ValueError("the pack is cut off or damaged") from error
            total += size
            if total > most_bytes:
                raise _refused(f"more than {most_bytes} bytes")


def _object(view: memoryview, at: int) -> tuple[int, int]:
    """Returns where an object ends, and how much memory it takes. A delta takes memory for itself and for its
    result.
    """
    kind, size, at = view[at] >> 4 & 7, view[at] & 15, at + 1
    if view[at - 1] & 0x80:
        more, at = _number(view, at)
        size |= more << 4
    _fits(size)
    if kind == OFS_DELTA:
        _, at = _number(view, at)
    elif kind == REF_DELTA:
        at += 20
    head, at = _inflate(view, at, size)
    if kind not in (OFS_DELTA, REF_DELTA):
        return at, size
    _, behind = _number(head, 0)
    result, _ = _number(head, behind)
    _fits(result)
    return at, size + result


def _fits(size: int) -> None:
    if size > OBJECT_BYTES:
        raise _refused(f"an object of {size} bytes")


def _number(data: memoryview | bytes, at: int) -> tuple[int, int]:
    """Reads a number in groups of seven bits, lowest group first. Returns the number and the position after the
    number.
    """
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not byte & 0x80:
            return number, at
        if shift > 63:
            raise ValueError("a number that is too long")


def _inflate(view: memoryview, at: int, size: int) -> tuple[bytes, int]:
    """Returns the first bytes of deflated data, and the position after the data. Raises `ValueError` if the data does
    not unpack to `size` bytes.
    """
    inflater = zlib.decompressobj()
    head, count = b"", 0
    while not inflater.eof:
        piece = view[at : at + SLICE]
        if not piece:
            raise ValueError("the pack is cut off")
        out = inflater.decompress(piece, size - count + 1)
        count += len(out)
        if count > size or inflater.unconsumed_tail:
            raise ValueError("an object is larger than its declared size")
        head += out[: DELTA_HEAD - len(head)]
        at += len(piece) - len(inflater.unused_data)
    if count != size:
        raise ValueError("an object is smaller than its declared size")
    return head, at


def _refused(what: str) -> RefusedError:
    return RefusedError(f"its history unpacks to {what}, more than any definition has")
