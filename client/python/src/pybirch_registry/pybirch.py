"""Starts PyBirch with the registry's instruments: `python -m pybirch_registry.pybirch [FOLDER]`.

PyBirch itself is not changed. PyBirch's extensions page gives a database service to PyBirch's instrument factory and
tree, or takes it away. After `switch_on`, the factory and the tree use the registry's service, which passes other calls
on to that database service. The other parts of PyBirch use PyBirch's database service as before.
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
    """Makes PyBirch in this process list and create the registry's instruments, whether its database is on or off. Also
    shows a window when a loaded version is revoked. A second call replaces the registry of the first one.

    With `version_in_rows`, the rows of PyBirch's scans get a column with the version that measured them. Raises
    `NotEnrolledError`, and `ImportError` without PyBirch.
    """
    registry = registry or Registry.open()
    complete_factory()
    factory: Any = importlib.import_module("pybirch.Instruments.factory")
    factory.InstrumentFactory.db_service = ServiceOverlay(registry)
    try:
        tree: Any = importlib.import_module("GUI.widgets.instrument_autoload")
    except ImportError as error:  # a script may not have the interface
        log.info("PyBirch's interface is missing: %s", error)
    else:
        tree.InstrumentAutoLoadWidget.db_service = ServiceOverlay(registry)
    with contextlib.suppress(ImportError):
        _show_in_window()
    if version_in_rows:
        rows.mark_scans()
    return registry


def _show_in_window() -> None:
    """Shows revocations in a window. Raises `ImportError` without Qt."""
    global _shows_in_window
    if not _shows_in_window:
        alarm.on_revoked(messages())
        _shows_in_window = True


_shows_in_window = False
"""Whether PyBirch's interface already shows revocations."""


class ServiceOverlay:
    """The attribute `db_service` of a PyBirch class. Reading the attribute returns the registry's service,
    which passes other calls on to the service that PyBirch assigned.
    """

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
    """Starts PyBirch's interface. When the interface ends, the process ends."""
    parser = argparse.ArgumentParser(prog="python -m pybirch_registry.pybirch", description="Start PyBirch.")
    parser.add_argument(
        "folder",
        metavar="FOLDER",
        nargs="?",
        type=Path,
        help="PyBirch's folder (default: the folder where Python finds it, or the current one)",
    )
    parser.add_argument("--home", type=Path, help="the data folder (default: PYBIRCH_REGISTRY_HOME, or the platform's)")
    parser.add_argument(
        "--version-in-rows", action="store_true", help="add a column with the version that measured each row of data"
    )
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
