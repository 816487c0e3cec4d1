"""PyBirch with the registry's instruments: `python -m pybirch_registry.pybirch [FOLDER]` starts it so.

PyBirch itself stays as it is. Its instrument factory and its instrument tree are given a database service by its
extensions page, or none; `switch_on` lays the registry's over whatever they have, now and later. Everything else in
PyBirch keeps PyBirch's own.
"""

import argparse
import contextlib
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import alarm, rows
from .errors import RegistryError
from .factory import complete_factory
from .folder import find_folder
from .registry import Registry
from .service import Service
from .text import logger
from .window import messages

log = logger(__name__)


def switch_on(registry: Registry | None = None, version_in_rows: bool = False) -> Registry:
    """From now on PyBirch in this process lists and creates the registry's instruments, whether its database is
    switched on or off, and says in a window that a loaded version was revoked. The last registry given counts.

    With `version_in_rows` the rows of PyBirch's scans get a column that says which version took them. Raises
    `NotEnrolledError`, and `ImportError` where PyBirch is not there.
    """
    registry = registry or Registry.open()
    complete_factory()
    factory: Any = importlib.import_module("pybirch.Instruments.factory")
    factory.InstrumentFactory.db_service = LaidOver(registry)
    try:
        tree: Any = importlib.import_module("GUI.widgets.instrument_autoload")
    except ImportError as error:  # a script without the interface
        log.info("PyBirch's interface is not there: %s", error)
    else:
        tree.InstrumentAutoLoadWidget.db_service = LaidOver(registry)
    with contextlib.suppress(ImportError):
        _tell_in_window()
    if version_in_rows:
        rows.mark_scans()
    return registry


def _tell_in_window() -> None:
    """Raises `ImportError` where Qt is not there."""
    global _tells
    if not _tells:
        alarm.on_revoked(messages())
        _tells = True


_tells = False
"""Whether revoked versions are said in PyBirch's interface already."""


class LaidOver:
    """The attribute `db_service` of a class of PyBirch's: what it is given, behind the registry's service object."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._last: tuple[Any, Service] | None = None

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__["db_service"] = value

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        given = None if instance is None else instance.__dict__.get("db_service")
        if isinstance(given, Service):
            return given
        if self._last is None or self._last[0] is not given:
            self._last = (given, self._registry.service(given))
        return self._last[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Starts PyBirch's interface; ends the process with it."""
    parser = argparse.ArgumentParser(prog="python -m pybirch_registry.pybirch", description="Start PyBirch.")
    parser.add_argument("folder", metavar="FOLDER", nargs="?", type=Path, help="where PyBirch lies (default: as known)")
    parser.add_argument("--home", type=Path, help="the data folder (default: PYBIRCH_REGISTRY_HOME, or the platform's)")
    parser.add_argument("--version-in-rows", action="store_true", help="say in each row of data which version took it")
    options = parser.parse_args(arguments)
    try:
        sys.path.insert(0, str(find_folder(options.folder)))
        switch_on(Registry.open(options.home), options.version_in_rows)
    except RegistryError as error:
        print(f"pybirch_registry: {error}", file=sys.stderr)
        return error.exit_code
    sys.argv = sys.argv[:1]
    importlib.import_module("GUI.app").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
