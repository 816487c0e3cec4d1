"""Reads a `simulator.yaml`: a device description of pyvisa-sim, and what it says under `computed`.

Nobody may have reviewed the file. pyvisa-sim reads its own part unchanged, after this module has refused what would
take it long or much memory (wide formats, long random replies, patterns that match in many ways) and what lies outside
the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .computed import Dialogue, SimulatorError, read_dialogue

FILE: Final = "simulator.yaml"
LARGEST_FILE: Final = 1 << 17
MOST_ENTRIES: Final = 5_000
"""The most dialogues and properties of all devices, each counted once for each resource and channel."""
_RANDOM: Final = re.compile(r"\{RANDOM\([-.0-9]{1,12}, [-.0-9]{1,12}, \d{1,4}\):?(?:\.\d{1,2})?[efgEFG]?\}")
_FIELD: Final = re.compile(r"\{(?:0?(?::[+\- ]?0?\d{0,2}(?:\.\d{1,2})?[bdeEfFgGosxX%]?)?|ch_id|_)\}")


@dataclass(frozen=True)
class DeviceFile:
    """The description of one resource: pyvisa-sim's part as pyvisa-sim wants it, and the computed dialogues."""

    resource: str
    device: str
    description: dict[str, Any]
    binding: dict[str, Any]
    """The entry under `resources`."""
    computed: "tuple[Computed, ...]"


def read_text(folder: Path) -> str:
    """The text of the `simulator.yaml` in a folder. Raises `SimulatorError`, also if there is none or it is a link."""
    path = folder / FILE
    try:
        if path.is_symlink():
            raise SimulatorError(f"{path} is a link; write the file itself")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise SimulatorError(f"{folder} has no {FILE}") from None
    except OSError as error:
        raise SimulatorError(f"{path} cannot be read: {error}") from None
    if len(content) > LARGEST_FILE:
        raise SimulatorError(f"{FILE} is larger than {LARGEST_FILE} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise SimulatorError(f"{path} cannot be read: {error}") from None


def read_simulator(text: str) -> list[DeviceFile]:
    """Reads the text of a `simulator.yaml`. Gives one description for each resource, in the file's order. Raises
    `SimulatorError`, which says what is wrong.
    """
    if len(text) > LARGEST_FILE:
        raise SimulatorError(f"{FILE} is larger than {LARGEST_FILE} bytes")
    import yaml

    try:
        data = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise SimulatorError(f"{FILE} is no YAML: {error}") from None
    data = _mapping(data, FILE)
    if not re.fullmatch(r"1\.[01]", str(data.get("spec"))):
        raise SimulatorError(f'{FILE} must begin with spec: "1.1"')
    devices = _mapping(data.get("devices", {}), "devices")
    files = []
    entries = 0
    for resource, binding in _mapping(data.get("resources", {}), "resources").items():
        binding = _mapping(binding, f"resource {resource}")
        outside = binding.keys() & {"filename", "bundled"}
        if outside:
            raise SimulatorError(f"resource {resource}: {min(outside)} is not allowed, because a simulator is one file")
        name = binding.get("device")
        if not isinstance(name, str) or name not in devices:
            raise SimulatorError(f"resource {resource}: there is no device {name!r}")
        description = _mapping(devices[name], f"device {name}")
        computed = tuple(_computed(description, binding))
        entries += len(computed) + sum(1 for _ in _checked(description, f"device {name}"))
        if entries > MOST_ENTRIES:
            raise SimulatorError(f"{FILE} has more than {MOST_ENTRIES} dialogues and properties")
        files.append(DeviceFile(resource, name, description, binding, computed))
    if not files:
        raise SimulatorError(f"{FILE} names no resources")
    return files


def channel_ids(name: str, channel: dict[str, Any], binding: dict[str, Any]) -> list[str]:
    """The channels of this name: those of the resource, or else those of the device."""
    of_resource = _mapping(binding.get("channel_ids", {}), "channel_ids").get(name)
    ids = of_resource or channel.get("ids", [])
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids) or len(ids) > 100:
        raise SimulatorError(f"channel {name}: ids is no list of at most 100 channels")
    return ids


Computed = tuple[str | None, str | None, Dialogue]
"""The name of a group of channels, the channel, and the dialogue. The first two are None in the device itself."""


def _computed(description: dict[str, Any], binding: dict[str, Any]) -> Iterator[Computed]:
    parts: list[tuple[str | None, str | None, dict[str, Any]]] = [(None, None, description)]
    for name, channel in _mapping(description.get("channels", {}), "channels").items():
        channel = _mapping(channel, f"channel {name}")
        parts += [(name, one, channel) for one in channel_ids(name, channel, binding)]
    for group, one, part in parts:
        for entry in _list(part.get("computed", []), "computed"):
            yield group, one, read_dialogue(entry, one)


def _checked(part: dict[str, Any], where: str) -> Iterator[None]:
    """Yields once for each dialogue and property of pyvisa-sim's part. Raises `SimulatorError` if one has no limits."""
    for dialogue in _list(part.get("dialogues", []), f"{where}, dialogues"):
        _check_reply(dialogue, where)
        yield
    for name, entry in _mapping(part.get("properties", {}), where).items():
        entry = _mapping(entry, f"{where}, property {name}")
        for key in ("getter", "setter"):
            if key in entry:
                _check_pair(_mapping(entry[key], f"{where}, property {name}"), f"{where}, property {name}, {key}")
        yield
    for name, channel in _mapping(part.get("channels", {}), where).items():
        ids = channel.get("ids", []) if isinstance(channel, dict) else []
        for _ in _checked(_mapping(channel, f"channel {name}"), f"{where}, channel {name}"):
            yield from [None] * max(1, len(ids))


def _check_reply(dialogue: object, where: str) -> None:
    pair = _mapping(dialogue, f"{where}, dialogue")
    if not isinstance(pair.get("q"), str):
        raise SimulatorError(f"{where}: a dialogue has no q")
    reply = pair.get("r", "")
    if not isinstance(reply, str):
        raise SimulatorError(f"{where}: the reply to {pair['q']!r} is no text")
    if "RANDOM" in reply:
        rest = _RANDOM.sub("", reply)
        if "RANDOM" in rest or "{" in rest:
            raise SimulatorError(f"{where}: {reply!r} is no random reply; write {{RANDOM(0, 1, 10):.3f}}")


def _check_pair(pair: dict[str, Any], where: str) -> None:
    _check_reply(pair, where)
    for key in ("q", "r", "e"):
        text = pair.get(key, "")
        if not isinstance(text, str):
            raise SimulatorError(f"{where}: {key} is no text")
        fields = re.findall(r"\{[^{}]*\}", _RANDOM.sub("", text))
        if len(fields) > 2 or not all(_FIELD.fullmatch(one) for one in fields):
            raise SimulatorError(f"{where}: {text!r} has other fields than {{}} and {{ch_id}}; use computed for it")


def _mapping(value: object, what: str) -> dict[str, Any]:
    if value == "":
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise SimulatorError(f"{what} is no mapping")
    return value


def _list(value: object, what: str) -> list[Any]:
    if value == "":
        return []
    if not isinstance(value, list):
        raise SimulatorError(f"{what} is no list")
    return value
