"""Says loudly, in every program that has a version loaded, that it was revoked, whichever program's sync learned it.

A daemon thread looks at the time of the file that a sync writes; it is read again only when that has changed. Nothing
is stopped: what becomes of a measurement that runs is for people to decide.
"""

import os
import threading
import warnings
from collections.abc import Callable
from typing import Protocol

from . import instances
from .errors import RegistryError
from .store import Installed
from .text import logger, visible

log = logger(__name__)

INTERVAL_S = 15.0
"""How long after a sync it is said at the latest, in seconds."""

Listener = Callable[[str], None]
"""Gets a sentence, in whatever thread found out."""


class RevokedWarning(UserWarning):
    """A version that this program has loaded was revoked."""


class Loaded(Protocol):
    """Versions that this program has loaded."""

    def revoked(self) -> list[tuple[Installed, str]]:
        """Those of them that are revoked by now, each with the reason. Raises `RegistryError`."""


_watched: list[Loaded] = []
_listeners: list[Listener] = []
_said: set[str] = set()
_lock = threading.Lock()
_thread: threading.Thread | None = None


def watch(loaded: Loaded) -> None:
    """From now on, for as long as the program runs."""
    with _lock:
        if not any(one is loaded for one in _watched):
            _watched.append(loaded)
        _start()


def on_revoked(listener: Listener) -> None:
    """`listener` gets each sentence too, beside the log and Python's warnings."""
    _listeners.append(listener)


def look() -> None:
    """Says what has not been said yet."""
    for loaded in list(_watched):
        try:
            found = loaded.revoked()
        except RegistryError as error:
            log.debug("Whether a version was revoked is not known: %s", error)
            continue
        for installed, reason in found:
            with _lock:
                is_new = installed.commit not in _said
                _said.add(installed.commit)
            if is_new:
                _say(_sentence(installed, reason))


def _sentence(installed: Installed, reason: str) -> str:
    live = [
        one for one in instances.live() if (getattr(one, "_definition", None) or {}).get("commit") == installed.commit
    ]
    names = ", ".join(sorted({str(getattr(one, "name", installed.name)) for one in live}))
    state, whose = ("in use", f" It is used by: {names}.") if live else ("loaded", "")
    label = f"{installed.name} v{installed.version}"
    return f"{label} is {state} and was revoked: {reason}.{whose} It is not stopped; a new start takes another version."


def _say(text: str) -> None:
    log.error("%s", text)
    try:
        warnings.warn(visible(text), RevokedWarning, stacklevel=2)
    except RevokedWarning:  # where a program makes errors of warnings, the log has said it
        log.debug("Warnings are errors here")
    for listener in list(_listeners):
        try:
            listener(visible(text))
        except Exception as error:  # the program's own code
            log.warning("%r cannot tell of a revoked version: %s", listener, error)


def _start() -> None:
    """Once in a process. The caller holds the lock."""
    global _thread
    if _thread is None:
        _thread = threading.Thread(target=_run, name="pybirch-revoked", daemon=True)
        _thread.start()


def _run() -> None:
    pause = threading.Event()
    while not pause.wait(INTERVAL_S):
        look()


def _after_fork() -> None:
    """Threads do not come along, and a lock may have been held by one."""
    global _lock, _thread
    _lock, _thread = threading.Lock(), None
    if _watched:
        with _lock:
            _start()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
