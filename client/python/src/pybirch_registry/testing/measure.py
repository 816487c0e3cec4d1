"""Connects a definition to its simulator, and measures."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..errors import RegistryError
from .commands import unknown_commands
from .computed import SimulatorError
from .device import Device, Reading
from .difference import Difference, quote
from .items import Item
from .outcome import outcome
from .process import Limits, ProcessError
from .replaying import Driver
from .simulator_file import FILE, read_simulator, read_text
from .subjects import Subject
from .under_test import RaisedError, UnderTest

if TYPE_CHECKING:
    from .simulators import Simulator

NAME: Final = "simulator"
MOST_ROWS: Final = 1_000_000
MOST_SHOWN: Final = 20
"""The most unknown commands that an item lists."""


class MeasurementError(RegistryError):
    """The definition could not measure with its simulator. The text says at which step, and why."""

    code: ClassVar[str] = "measurement"


@dataclass(frozen=True)
class Table:
    """What a definition measured."""

    columns: list[str]
    units: list[str]
    rows: list[list[float | None]]
    """The readings. What is not a number is None."""

    def as_dict(self) -> dict[str, Any]:
        return {"columns": self.columns, "units": self.units, "rows": self.rows}


class Watched:
    """A simulator that takes only commands which it knows. Others end the measurement at once."""

    def __init__(self, simulator: "Simulator") -> None:
        self._simulator = simulator
        self.step = ""

    def write(self, data: bytes, end: bool) -> None:
        known = len(self._simulator.unknown)
        try:
            self._simulator.write(data, end)
        except Exception as error:  # pyvisa-sim raises the type of whatever went wrong
            raise Difference(self.step, f"an answer of {FILE}", str(error) or type(error).__name__) from None
        if len(self._simulator.unknown) > known:
            raise Difference(self.step, f"a command that {FILE} knows and accepts", f"sent {quote(data)}")

    def read(self, count: int, stop: int | None = None) -> Reading:
        return self._simulator.read(count, stop)

    def status_byte(self) -> int:
        return self._simulator.status_byte()

    def clear(self) -> None:
        self._simulator.clear()

    def waiting(self) -> int:
        return self._simulator.waiting()


class Measurement:
    """One measurement of a class that `tested` has loaded, at the first resource of its simulator. A class that
    simulates its instrument itself needs none.
    """

    def __init__(self, tested: Driver, simulators: "dict[str, Simulator]") -> None:
        self._tested = tested
        self._watched = {name: Watched(one) for name, one in simulators.items()}
        self._args = {"adapter": next(iter(simulators))} if simulators else {}

    def run(self, rows: int | None = None) -> Table:
        """Connects, initialises, measures until there are `rows` rows (by default once) and shuts down.

        Raises `Difference`, and what the driver raises except `RaisedError`.
        """
        self._do("the constructor", lambda: self._tested.construct(self._args, self._find))
        if self._call("connect") is not True:
            raise Difference("connect", "True", "gave something else", self._tested.last_place)
        self._call("initialize")
        table = self._measure(rows)
        self._call("shutdown")
        return table

    def _find(self, name: str) -> Device:
        from .simulators import finder

        return finder(self._watched)(name)

    def _do(self, step: str, work: Callable[[], Any]) -> Any:
        for one in self._watched.values():
            one.step = step
        self._tested.last_place = None
        try:
            return work()
        except RaisedError as error:
            if "AttributeError" in error.kinds and step == "data_columns":
                raise
            raise Difference(step, "no error", f"raised {error}", error.place) from error

    def _call(self, attribute: str) -> Any:
        return self._do(attribute, lambda: self._tested.call(attribute))

    def _measure(self, rows: int | None) -> Table:
        try:
            columns, units = self._call("data_columns"), self._call("data_units")
        except RaisedError:
            return self._move(rows)
        found = self._rows(columns)
        while rows is not None and found and len(found) < min(rows, MOST_ROWS):
            found += self._rows(columns)
        return Table(_texts(columns), _texts(units), found[:rows])

    def _rows(self, columns: Any) -> list[list[float | None]]:
        given = self._call("perform_measurement")
        width = len(columns) if isinstance(columns, list) else 0
        if not isinstance(given, list) or not all(isinstance(row, list) and len(row) == width for row in given):
            raise Difference("perform_measurement", f"rows of {width} values", "gave something else")
        return [[_number(value) for value in row] for row in given]

    def _move(self, rows: int | None) -> Table:
        """Reads the position, and moves to where the instrument is."""
        column, unit = self._call("position_column"), self._call("position_units")
        found = [self._call("position")]
        self._do("set position", lambda: self._tested.set("position", found[0]))
        while rows is not None and len(found) < min(rows, MOST_ROWS):
            found.append(self._call("position"))
        return Table(_texts([column]), _texts([unit]), [[_number(value)] for value in found[:rows]])


def _texts(values_: Any) -> list[str]:
    return [str(one) for one in values_] if isinstance(values_, list) else []


def _number(value: Any) -> float | None:
    try:
        return value if isinstance(value, int | float) and math.isfinite(value) else None
    except OverflowError:  # an integer that no float can hold
        return None


def open_simulators(subject: Subject) -> "dict[str, Simulator]":
    """The definition's simulators. Raises `SimulatorError`, also if pyvisa-sim is not installed."""
    if find_spec("pyvisa_sim") is None:
        raise SimulatorError("this Python has no pyvisa-sim; run: pip install pyvisa-sim")
    from .simulators import simulators_of

    return simulators_of(subject.folder)


def simulate(subject: Subject, rows: int | None = None, limits: Limits | None = None) -> Table:
    """Measures with the definition's own simulator, if it has one, in a process of its own.

    Raises `SimulatorError` if the simulator cannot be used, and `MeasurementError`.
    """
    has_simulator = (subject.folder / FILE).is_file()
    simulators = open_simulators(subject) if has_simulator else {}
    with UnderTest(limits) as tested:
        try:
            tested.load(subject.folder, subject.name, subject.policy, subject.label)
            return Measurement(tested, simulators).run(rows)
        except (Difference, RaisedError, ProcessError) as error:
            hint = "" if has_simulator else f". It has no {FILE}"
            raise MeasurementError(f"{subject.label}: {error}{hint}") from error


def run_simulator(subject: Subject, limits: Limits | None = None) -> Iterator[Item]:
    """Measures once with the definition's simulator, and compares the code's commands with it. Yields nothing if the
    definition has no simulator.
    """
    if not (subject.folder / FILE).is_file():
        return
    if find_spec("pyvisa_sim") is None:
        yield Item(NAME, "skipped", 0.0, "this Python has no pyvisa-sim; run: pip install pyvisa-sim")
        return
    with UnderTest(limits) as tested:

        def work() -> None:
            simulators = open_simulators(subject)
            tested.load(subject.folder, subject.name, subject.policy, subject.label)
            Measurement(tested, simulators).run()

        yield outcome(NAME, tested, work)
    yield _compared(subject)


def _compared(subject: Subject) -> Item:
    name = f"{NAME} commands"
    start = time.monotonic()
    file = f"{subject.name}.py"
    try:
        files = read_simulator(read_text(subject.folder))
        unknown = unknown_commands((subject.folder / file).read_text(encoding="utf-8"), files)
    except (SimulatorError, SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
        return Item(name, "failed", time.monotonic() - start, str(error) or type(error).__name__)
    if not unknown:
        return Item(name, "passed", time.monotonic() - start)
    first = unknown[0]
    message = f"{FILE} does not know the command {first.command!r} ({file}:{first.line})"
    lines = [f"in       {file}:{one.line}  sends {one.command!r}" for one in unknown[:MOST_SHOWN]]
    return Item(name, "failed", time.monotonic() - start, message, "\n".join(lines))
