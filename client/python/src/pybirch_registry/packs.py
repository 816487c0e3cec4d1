"""What a pack of git unpacks to, by its own headers: git's format lets a few bytes stand for any number of them.

A pack is judged before anything of it is unpacked. dulwich holds each object to the size that the pack declares for it.
"""

import mmap
import struct
import zlib

from .errors import RefusedError

MOST_OBJECTS = 1_000_000
OBJECT_BYTES = 64 * 1024 * 1024
"""Of one object; the registry takes 32 MiB for all files of a version."""
UNPACKED_BYTES = 2 * 1024 * 1024 * 1024
"""Of all objects together."""
SLICE = 4096
OFS_DELTA, REF_DELTA = 6, 7
DELTA_HEAD = 20
"""Bytes that the two sizes at the beginning of a delta have at most."""


def judge_pack(pack: bytes | mmap.mmap) -> None:
    """Raises `RefusedError` for a pack that unpacks to more than any definition's, `ValueError` for what is no pack."""
    if len(pack) < 12 or pack[:4] != b"PACK":
        raise ValueError("no pack")
    (count,) = struct.unpack(">L", pack[8:12])
    if count > MOST_OBJECTS:
        raise _refused(f"{count} objects")
    at, total = 12, 0
    with memoryview(pack) as view:
        for _ in range(count):
            try:
                at, size = _object(view, at)
            except (IndexError, zlib.error) as error:
                raise ValueError("the pack is cut off or damaged") from error
            total += size
            if total > UNPACKED_BYTES:
                raise _refused(f"more than {UNPACKED_BYTES} bytes")


def _object(view: memoryview, at: int) -> tuple[int, int]:
    """Where the object at a place ends, and how much memory it takes: for a delta, itself and its result."""
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
    """One in groups of seven bits, the lowest first; where it ends."""
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
    """The first bytes of what is deflated at a place, and where that ends. Its size is as declared, or `ValueError`."""
    inflater = zlib.decompressobj()
    head, count = b"", 0
    while not inflater.eof:
        piece = view[at : at + SLICE]
        if not piece:
            raise ValueError("the pack is cut off")
        out = inflater.decompress(piece, size - count + 1)
        count += len(out)
        if count > size or inflater.unconsumed_tail:
            raise ValueError("an object is larger than it says")
        head += out[: DELTA_HEAD - len(head)]
        at += len(piece) - len(inflater.unused_data)
    if count != size:
        raise ValueError("an object is smaller than it says")
    return head, at


def _refused(what: str) -> RefusedError:
    return RefusedError(f"its history unpacks to {what}, which no definition has")
