"""Connects a definition to its simulator in the present process, for pytest and programs."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..driver import close_session
from ..guard import Policy
from ..registry import Registry
from . import clock
from .connections import devices
from .loading import load_class
from .measure import MeasurementError, Watched, open_simulators
from .steps import build
from .subjects import Subject, find_subject


@contextlib.contextmanager
def simulated(name: str | Path, **options: Any) -> Iterator[Any]:
    """Yields an instrument that is connected to its simulator and initialised. `options` are further arguments of the
    constructor.

    `name` is the path of a folder, or the name of a definition: in the present folder or one above it, or else of the
    approved version on this computer. Time does not pass while the definition waits. A command that the simulator does
    not know raises `Difference`.

    Raises `SimulatorError`, and `MeasurementError` if the definition does not connect.
    """
    subject = _find(name)
    simulators = open_simulators(subject)
    from .simulators import finder

    watched = {resource: Watched(one) for resource, one in simulators.items()}
    for one in watched.values():
        one.step = f"simulated {subject.name}"
    with clock.running(), devices(finder(watched)):
        cls = load_class(subject.folder, subject.name, subject.policy, subject.label)
        instrument = build(cls, {"adapter": next(iter(simulators)), **options})
        try:
            if instrument.connect() is not True:
                raise MeasurementError(f"{subject.label} does not connect to its simulator")
            instrument.initialize()
            yield instrument
        finally:
            close_session(instrument)


def _find(name: str | Path) -> Subject:
    if Path(name).is_dir():
        return find_subject(Path(name))
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / f"{name}.py").is_file():
            return Subject(folder, str(name))
    registry = Registry.open()
    installed = registry.fetch(str(name), None)
    policy = Policy.of(registry.manifest().policy).with_permissions(installed.permissions)
    return Subject(registry.store.folder(installed.name, installed.commit), installed.name, installed.version, policy)
