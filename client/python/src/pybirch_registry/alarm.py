"""Warns a program when a version that it has loaded is revoked. Any program on the computer may have synced the
revocation.

A daemon thread watches the modification time of the file that a sync writes, and reads the file only when it has
changed. The thread stops nothing: people decide what happens to a running measurement.
"""

import os
import threading
import warnings
from collections.abc import Callable
from typing import Protocol

from . import instances
from .errors import RegistryError
from .store import Installed
from .text import logger, make_visible

log = logger(__name__)

INTERVAL_S = 15.0
"""The longest delay between a sync and the warning, in seconds."""

Listener = Callable[[str], None]
"""A function that receives the warning as a sentence. The client may call this function from any thread."""


class RevokedWarning(UserWarning):
    """A version that this program has loaded was revoked."""


class Loaded(Protocol):
    """The versions that this program has loaded."""

    def revoked(self) -> list[tuple[Installed, str]]:
        """Returns the loaded versions that have been revoked, with the reasons. Raises `RegistryError`."""


_watched: list[Loaded] = []
_listeners: list[Listener] = []
_said: set[str] = set()
_lock = threading.Lock()
_thread: threading.Thread | None = None


def watch(loaded: Loaded) -> None:
    """Watches the loaded versions until the program ends."""
    with _lock:
        if not any(one is loaded for one in _watched):
            _watched.append(loaded)
        _start()


def on_revoked(listener: Listener) -> None:
    """Calls `listener` with each warning. The warning also goes to the log and to Python's warnings."""
    _listeners.append(listener)


def look() -> None:
    """Reports every revocation that has not been reported yet."""
    for loaded in list(_watched):
        try:
            found = loaded.revoked()
        except RegistryError as error:
            log.debug("It is not known whether a version was revoked: %s", error)
            continue
        for installed, reason in found:
            with _lock:
                is_new = installed.commit not in _said
                _said.add(installed.commit)
            if is_new:
                _say(_sentence(installed, reason))


def _sentence(installed: Installed, reason: str) -> str:
    live = [
        one
        for one in instances.list_live()
        if (getattr(one, "_definition", None) or {}).get("commit") == installed.commit
    ]
    names = ", ".join(sorted({str(getattr(one, "name", installed.name)) for one in live}))
    state, whose = ("in use", f" The revoked version is used by: {names}.") if live else ("loaded", "")
    label = f"{installed.name} v{installed.version}"
    after = "PyBirch keeps running the revoked version until the next restart."
    return f"{label} is {state} and was revoked: {reason}.{whose} {after}"


def _say(text: str) -> None:
    log.error("%s", text)
    try:
        warnings.warn(make_visible(text), RevokedWarning, stacklevel=2)
    except RevokedWarning:  # the program turns warnings into errors; the log already has the text
        log.debug("Warnings are errors here")
    for listener in list(_listeners):
        try:
            listener(make_visible(text))
        except Exception as error:  # the listener is the program's own code
            log.warning("%r failed to report a revoked version: %s", listener, error)


def _start() -> None:
    """Starts the thread, once in a process. The caller holds the lock."""
    global _thread
    if _thread is None:
        _thread = threading.Thread(target=_run, name="pybirch-revoked", daemon=True)
        _thread.start()


def _run() -> None:
    pause = threading.Event()
    while not pause.wait(INTERVAL_S):
        look()


def _after_fork() -> None:
    """Prepares a forked child process. A child process starts without threads, and its copy of the lock may be held."""
    global _lock, _thread
    _lock, _thread = threading.Lock(), None
    if _watched:
        with _lock:
            _start()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
