"""Connections that limit what they read, so that no answer uses up this computer's memory or time.

The limits apply to every byte of every answer, including git's: status lines, headers, chunk sizes and bodies. Answers
are not decompressed, because none is requested in compressed form. Redirects are not followed, so that credentials go
to one host only.
"""

import http.client
import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .text import logger

log = logger("pybirch_registry.waiting")

CONNECT_S = 10.0
HEAD_S = 15.0
"""The longest time until an answer begins, in seconds."""
NOTICE_S = 3.0
"""The time without an answer after which the user gets a message, in seconds."""
GRACE_S = 15.0
SLOWEST = 10_000
"""The slowest rate, in bytes a second. An answer may take `GRACE_S`, plus one second for each `SLOWEST` bytes."""
LONGEST_S = 10 * 60.0
GIT_S = 30 * 60.0
"""The longest time for an answer (`LONGEST_S`) and for a history (`GIT_S`), in seconds, even if data keeps arriving."""
ANSWER_BYTES = 64 * 1024 * 1024
REFS_BYTES = 16 * 1024 * 1024
"""The largest list of a definition's refs, in bytes: enough for a hundred thousand versions. The list is kept in
memory, whereas a pack goes to a file.
"""
PACK_BYTES = 512 * 1024 * 1024
EVENT_BYTES = 1024 * 1024


class BoundsError(OSError):
    """An answer exceeds its limits. The text of the error says which limit was exceeded."""


@dataclass
class Bounds:
    """The limits of the answers that a thread requests."""

    most_bytes: int = ANSWER_BYTES
    head_s: float = field(default_factory=lambda: HEAD_S)
    silence_s: float = field(default_factory=lambda: HEAD_S)
    """The longest time without any data, in seconds."""
    longest_s: float = field(default_factory=lambda: LONGEST_S)
    is_endless: bool = False
    """Whether the answer is a stream. A stream may last as long as data arrives. In a stream, `most_bytes` limits only
    the bytes since the last `refill`.
    """
    meter: "Meter | None" = field(default=None, init=False)
    """Counts the bytes and the time of the latest answer."""


class Meter:
    """Counts the bytes and the time of one answer."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._count = 0
        self._began = time.monotonic()
        self._in_head = True

    def head_is_over(self) -> None:
        self._in_head = False
        self._began, self._count = time.monotonic(), 0

    def refill(self) -> None:
        self._count = 0

    def time_left(self) -> float:
        """How many seconds this read may take. Raises `TimeoutError`."""
        bounds = self._bounds
        allowed = bounds.head_s if self._in_head else min(GRACE_S + self._count / SLOWEST, bounds.longest_s)
        left = self._began + allowed - time.monotonic()
        if bounds.is_endless and not self._in_head:
            return bounds.silence_s
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        return min(left, bounds.silence_s)

    def count(self, size: int) -> None:
        """Raises `BoundsError`."""
        self._count += size
        self.fits(0)

    def fits(self, size: int) -> None:
        """Raises `BoundsError` if the answer may not have `size` more bytes."""
        if self._count + size > self._bounds.most_bytes:
            raise BoundsError("it sends more than any registry does")


_of_thread = threading.local()


@contextmanager
def limit_answers(bounds: Bounds) -> Iterator[Bounds]:
    """Limits the answers to this thread's requests while a block of code runs."""
    before = getattr(_of_thread, "bounds", None)
    _of_thread.bounds = bounds
    try:
        yield bounds
    finally:
        _of_thread.bounds = before


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, raw: Any, meter: Meter) -> None:
        self._sock, self._raw, self._meter = sock, raw, meter

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._meter.time_left())
        size: int = self._raw.readinto(buffer)
        self._meter.count(size)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        bounds = getattr(_of_thread, "bounds", None) or Bounds()
        self._meter = bounds.meter = Meter(bounds)
        buffered, self.fp = self.fp, io.BufferedReader(_Reader(sock, sock.makefile("rb", 0), self._meter))
        buffered.close()

    def begin(self) -> None:
        super().begin()
        self._meter.head_is_over()
        coding = self.headers.get("Content-Encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            raise BoundsError("it answers in compressed form although none was requested; a proxy may be the cause")
        self._meter.fits(self.length or 0)

    def _safe_read(self, amt: int) -> bytes:
        self._meter.fits(amt)  # a chunk may declare a size larger than any memory
        return super()._safe_read(amt)  # type: ignore[misc,no-any-return,unused-ignore]


class _Notices:
    """Tells the user that a connection is waiting for an answer."""

    def getresponse(self) -> Any:
        host = getattr(self, "host", "the registry")
        text = "%s has not answered yet; waiting for at most %.0f s"
        notice = threading.Timer(NOTICE_S, log.warning, (text, host, HEAD_S))
        notice.daemon = True
        notice.start()
        try:
            return super().getresponse()  # type: ignore[misc]
        finally:
            notice.cancel()


class _Http(_Notices, HTTPConnection):
    response_class = _Response


class _Https(_Notices, HTTPSConnection):
    response_class = _Response


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class Pool(urllib3.PoolManager):
    """A pool that makes one attempt at the given address and asks for an uncompressed answer."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, timeout=urllib3.Timeout(connect=CONNECT_S, read=HEAD_S), **options)
        self.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def urlopen(self, method: str, url: str, redirect: bool = True, **options: Any) -> Any:  # type: ignore[override]
        headers = {**(options.pop("headers", None) or {}), "Accept-Encoding": "identity"}
        return super().urlopen(method, url, redirect=False, **{**options, "headers": headers, "retries": False})


class ProxyPool(Pool, urllib3.ProxyManager):
    """A pool that makes one attempt through a proxy."""
