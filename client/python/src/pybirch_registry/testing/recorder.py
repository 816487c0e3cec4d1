"""Records a session with a real instrument: the traffic, and what the methods gave."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from ..driver import close_session
from ..files import write_atomic
from ..instances import CALL
from . import values
from .environment import describe_environment
from .masking import entries_of, find_identity, find_serials, mask
from .recording import Entry, Recording, RecordingError, Step, Terminators, Verb, write
from .steps import build, find_member, is_property, perform
from .traffic import Traffic, watched

RELATIVE = 1e-9
"""The tolerance of recorded numbers: the last digits of a computed number may differ between computers."""
TERMINATORS = ("\r\n", "\n", "\r", "\0")
TOLD = ("numpy", "pyvisa", "pyvisa-py", "pyserial", "pybirch-registry")
"""The packages whose versions a recording names."""


class Performs(Protocol):
    """Performs steps and notes them."""

    def perform(
        self, instrument: Any, verb: Verb, attribute: str, args: Any = (), kwargs: Any = None, to: Any = None
    ) -> Any: ...

    def drop_part(self) -> None:
        """Removes the last step if it only found a part of the instrument. A later step that uses the part finds it
        again.
        """


class Recorder:
    """Collects the steps of one recording."""

    def __init__(self, cls: str, args: Mapping[str, Any], traffic: Traffic) -> None:
        """`args` are the constructor's arguments. The traffic until now is the constructor's."""
        self._traffic = traffic
        self._steps: list[Step] = []
        self._head = Recording(cls, {key: in_json(value, None, key) for key, value in args.items()}, Terminators())
        self._head = replace(self._head, io=traffic.take())

    def perform(
        self, instrument: Any, verb: Verb, attribute: str, args: Any = (), kwargs: Any = None, to: Any = None
    ) -> Any:
        """Performs a step and records it. Returns the result. Raises what the instrument raises."""
        step = Step(
            verb,
            attribute,
            tuple(in_json(one, instrument, attribute) for one in args),
            {key: in_json(one, instrument, attribute) for key, one in (kwargs or {}).items()},
            in_json(to, instrument, attribute),
        )
        return self.run(instrument, step)

    def run(self, instrument: Any, step: Step) -> Any:
        """Performs a step whose values are in JSON already, as `perform` does."""
        self._check_quiet(step.attribute)
        step = Step(step.verb, step.attribute, step.args, step.kwargs, step.to)
        try:
            result = perform(instrument, step.verb, step.attribute, step.args, step.kwargs, step.to)
        except Exception as error:
            self._steps.append(replace(step, raises=type(error).__name__, io=self._traffic.take()))
            raise
        self._steps.append(replace(with_result(step, result), io=self._traffic.take()))
        return result

    def drop_part(self) -> None:
        if not self._steps[-1].io:
            self._steps.pop()

    def _check_quiet(self, attribute: str) -> None:
        if self._traffic.take():
            raise RecordingError(
                f"The instrument was used between two recorded calls, before {attribute}: call its methods only "
                "through the recorded object, and in one thread"
            )

    def finish(self) -> Recording:
        """The recording, with masked serial numbers."""
        found = replace(self._head, steps=tuple(self._steps))
        entries = entries_of(found)
        identity = find_identity(entries)
        environment = describe_environment()
        packages = {name: environment["packages"][name] for name in TOLD if name in environment["packages"]}
        found = replace(
            found,
            terminators=find_terminators(entries),
            instrument=", ".join(one for one in (identity[1], *identity[3:]) if one) if len(identity) >= 3 else None,
            recorded_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            environment={"python": environment["python"], "packages": packages},
        )
        return mask(found, find_serials(found))


def with_result(step: Step, result: Any) -> Step:
    """The step with the value that it gave."""
    if step.verb == "set":
        return step
    gives = values.encode(result)
    return replace(step, is_checked=True, gives=gives, relative=RELATIVE if values.has_float(gives) else 0.0)


def find_terminators(entries: Sequence[Entry]) -> Terminators:
    """The terminators with which most messages end."""

    def of(kind: str) -> str:
        messages = [entry.data for entry in entries if entry.kind == kind]
        for terminator in TERMINATORS:
            if sum(one.endswith(terminator.encode()) for one in messages) * 2 > len(messages):
                return terminator
        return ""

    return Terminators(of("w"), of("r"))


def in_json(value: Any, instrument: Any, attribute: str) -> Any:
    """An argument of a method in JSON. An enumeration of the instrument's class is named. Raises `RecordingError`."""
    if isinstance(value, Enum):
        path = f"{type(value).__name__}.{value.name}"
        with contextlib.suppress(ValueError):
            if find_member(instrument, path) is value:
                return {"attribute": path}
        if isinstance(value, (int, str)):
            value = value.value
    if isinstance(value, (list, tuple)):
        inside = [in_json(one, instrument, attribute) for one in value]
        return {"tuple": inside} if isinstance(value, tuple) else inside
    encoded = values.encode(value)
    try:
        values.decode(encoded)
    except ValueError as error:
        raise RecordingError(f"An argument of {attribute} cannot be recorded: {json.dumps(encoded)[:100]}") from error
    return encoded


CALLS = ("connect", "initialize", "settings", "perform_measurement", "position", "shutdown")
"""What `record_session` calls and reads by default, as far as the class has it."""


def record_session(cls: type, args: Mapping[str, Any], calls: Sequence[str], done: Callable[[str], None]) -> Recording:
    """Creates an instrument, and records calls of methods without arguments and readings of properties.

    `done` is called after each with its name. A call that raises an error is recorded, and the next one follows. Raises
    `RecordingError`, and what the constructor raises.
    """
    traffic = Traffic()
    with watched(traffic):
        instrument = build(cls, args)
        recorder = Recorder(cls.__name__, args, traffic)
        try:
            for call in calls or [name for name in CALLS if hasattr(cls, name)]:
                try:
                    recorder.perform(instrument, "call", call)
                except RecordingError:
                    raise
                except Exception:  # is recorded
                    pass
                done(call)
            return recorder.finish()
        finally:
            close_session(instrument)


class Recorded:
    """An instrument whose methods and properties are recorded when they are used. Its parts, such as channels, too."""

    def __init__(self, recorder: Performs, root: Any, path: str = "", part: Any = None) -> None:
        vars(self).update(_recorder=recorder, _root=root, _path=path, _part=root if part is None else part)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            return getattr(self._part, name)
        attribute = f"{self._path}.{name}" if self._path else name
        if not is_property(type(self._part), name):
            value = getattr(self._part, name)
            if isinstance(value, type):
                return value
            if is_part(value):
                return Recorded(self._recorder, self._root, attribute, value)
            if callable(value):
                return lambda *args, **kwargs: self._recorder.perform(self._root, "call", attribute, args, kwargs)
        value = self._recorder.perform(self._root, "call", attribute)
        if not is_part(value):
            return value
        self._recorder.drop_part()
        return Recorded(self._recorder, self._root, attribute, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            setattr(self._part, name, value)
        else:
            attribute = f"{self._path}.{name}" if self._path else name
            self._recorder.perform(self._root, "set", attribute, to=value)

    def __getitem__(self, key: Any) -> Any:
        return Recorded(self._recorder, self._root, f"{self._path}[{key!r}]", self._part[key])

    def __len__(self) -> int:
        return len(self._part)


def is_part(value: Any) -> bool:
    """Whether a value is a part of an instrument, such as a channel or a list of channels, and not data."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(is_part, value))
    if isinstance(value, Mapping):
        return bool(value) and all(map(is_part, value.values()))
    encoded = values.encode(value)
    is_other = isinstance(encoded, dict) and "object" in encoded
    return is_other and not isinstance(value, (Enum, type)) and not callable(value)


@contextlib.contextmanager
def record(instrument: Any, path: Path | str) -> Iterator[Any]:
    """Records what is done with an instrument, until the end of the `with` statement, and writes the recording.

    ```python
    with record(lockin, "tests/measure.jsonl") as recorded:
        recorded.connect()
        recorded.perform_measurement()
    ```

    If an error leaves the `with` statement, nothing is written. Raises `RecordingError`, `FolderError`.
    """
    traffic = Traffic()
    with watched(traffic, instrument):
        recorder = Recorder(class_name(instrument), arguments_of(instrument), traffic)
        yield Recorded(recorder, instrument)
        found = recorder.finish()
    write_atomic(Path(path), write(found).encode())


def class_name(instrument: Any) -> str:
    """The name of the definition's class."""
    origin = getattr(instrument, "_definition", None)
    return str(origin["name"]) if isinstance(origin, dict) else type(instrument).__name__


def arguments_of(instrument: Any) -> dict[str, Any]:
    """The arguments with which an instrument was created, as far as they are known."""
    call = vars(instrument).get(CALL)
    known = {"name": getattr(instrument, "name", None), "adapter": getattr(instrument, "adapter", None)}
    if call is not None:
        known |= {"name": call.name or known["name"], "adapter": call.adapter or known["adapter"], **call.options}
    return {key: value for key, value in known.items() if isinstance(value, (str, int, float, bool))}
