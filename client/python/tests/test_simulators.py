"""A simulator answers as pyvisa-sim does, and computes what pyvisa-sim cannot. A hostile file ends at its limits."""

import struct
import time
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pyvisa
import yaml
from pyvisa_sim.component import NoResponse
from pyvisa_sim.devices import Device
from pyvisa_sim.parser import get_devices

from bench_definitions import definition
from pybirch_registry.testing import simulator_file, simulators
from pybirch_registry.testing.computed import SimulatorError
from pybirch_registry.testing.connections import devices
from pybirch_registry.testing.device import DeviceTimeoutError
from pybirch_registry.testing.measure import run_simulator
from pybirch_registry.testing.simulator_file import read_simulator
from pybirch_registry.testing.simulators import Simulator, finder, open_simulators
from pybirch_registry.testing.subjects import Subject

ROOT = Path(__file__).parents[3]
BUILT_IN = sorted((ROOT / "registry" / "builtin").glob("*/simulator.yaml"))
FOREIGN = [Path(str(files("pyvisa_sim") / "default.yaml")), ROOT / "test" / "lab" / "instruments.yaml"]

COMPUTED = """
spec: "1.1"
devices:
  meter:
    eom: {{ GPIB INSTR: {{ q: "\\n", r: "\\n" }} }}
    error: {{ error_queue: [{{ q: "ERR?", default: "0", command_error: "-113" }}] }}
    properties:
      level:
        default: 2
        getter: {{ q: "LEV?", r: "{{:.3f}}" }}
        setter: {{ q: "LEV {{}}" }}
        specs: {{ min: 0, max: 5, type: float }}
      points: {{ default: 3, specs: {{ min: 1, type: int }} }}
      mode: {{ default: VOLT, specs: {{ valid: [VOLT, CURR], type: str }} }}
    channels:
      outputs:
        ids: [1, B]
        properties:
          gain: {{ default: 1, getter: {{ q: "GAIN? {{ch_id}}", r: "{{}}" }}, specs: {{ max: 10, type: int }} }}
        computed:
          - {{ q: "GAIN {{ch_id}},{{value}}", set: {{ gain: value * 2 }} }}
          - {{ q: "OUT? {{ch_id}}", r: "{{gain * level:.1f}} of {{ch_id}}" }}
    computed:
{items}
resources:
  GPIB0::5::INSTR: {{ device: meter }}
"""


BINARY = """
spec: "1.1"
devices:
  stage:
    properties:
      points: { default: 3, specs: { type: int } }
      mode: { default: VOLT, specs: { type: str } }
    computed:
      - { q: ["<HBB", 0x0490, 1, _], r: ["<HhI", 0x0491, -5, points] }
      - { q: ["<HBBi", 0x0453, 4, 0xD0, target], set: { points: target } }
      - { q: ["<H2xB", 5, 7], r: [["<B", 1], [">8sd", "mode", points / 4]] }
resources:
  ASRL1::INSTR: { device: stage }
"""


def simulator(*items: str) -> Simulator:
    text = COMPUTED.format(items="".join(f"      - {item}\n" for item in items) or "      []")
    return open_simulators(text)["GPIB0::5::INSTR"]


def ask(sim: Simulator, message: str) -> str | None:
    """The reply without its terminator. None if there is none."""
    sim.write(message.encode() + b"\n", True)
    return None if not sim.waiting() else sim.read(1 << 20).data.decode("latin-1").removesuffix("\n")


def conversation(description: dict[str, Any]) -> list[str]:
    """Every query of a device, and commands that its setters accept and refuse."""
    parts = [(description, [""])]
    parts += [(one, list(one.get("ids", []))) for one in description.get("channels", {}).values()]
    queries = ["UNHEARD OF", "", "*ESR?", "SYST:ERR?"]
    for part, ids in parts:
        properties = part.get("properties", {}).values()
        asked = [one["q"] for one in part.get("dialogues", ()) if "RANDOM" not in one.get("r", "")]
        asked += [one["getter"]["q"] for one in properties if "RANDOM" not in one.get("getter", {}).get("r", "RANDOM")]
        told = [one["setter"]["q"] for one in properties if "setter" in one]
        for name in ids:
            for value in ("1", "2.5", "-1e9", "OFF", "1.00"):
                queries += [f"{one.split('{')[0]}{value}" for one in told if "{ch_id}" not in one]
                queries += [one.replace("{ch_id}", name).replace("{}", value).replace("{:f}", value) for one in told]
                queries += [one.replace("{ch_id}", name) for one in asked]
    return [*queries, "UNHEARD OF", "*ESR?", "SYST:ERR?", *queries[-40:]]


@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: path.stem)
def test_it_answers_as_pyvisa_sim_does(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    description = yaml.load(text, Loader=yaml.BaseLoader)
    for entry in description["resources"].values():
        for key in ("filename", "bundled"):
            entry.pop(key, None)
    for device in description["devices"].values():  # pyvisa-sim refuses these replies when it gives them
        device["dialogues"] = [one for one in device["dialogues"] if ":BAD:" not in one["q"]]
    text = yaml.dump(description)
    real = get_devices(path, False)
    exchanged = 0
    for name, sim in open_simulators(text).items():
        other = real[name]
        eom = other._query_eom
        described = description["devices"][description["resources"][sim.resource]["device"]]
        for message in conversation(described):
            sim.write(message.encode() + eom, True)
            other.write(message.encode() + eom)
            assert everything(sim) == everything_of(other), (name, message)
            exchanged += 1
    assert exchanged > 200


def everything(sim: Simulator) -> bytes:
    found = b""
    while sim.waiting():
        found += sim.read(7).data
    return found


def everything_of(device: Device) -> bytes:
    found = b""
    while (byte := device.read()[0]) != b"":
        found += byte
    return found


@pytest.mark.parametrize("path", BUILT_IN, ids=lambda path: path.parent.name)
def test_plain_pyvisa_sim_reads_the_simulators_of_built_ins(path: Path) -> None:
    """pyvisa-sim ignores `computed` and answers the rest in the same way."""
    real = get_devices(path, False)
    for name, sim in open_simulators(path.read_text(encoding="utf-8")).items():
        for query, reply in real[name]._dialogues.items():
            sim.write(query + real[name]._query_eom, True)
            wanted = b"" if reply is NoResponse else reply + real[name]._response_eom
            assert everything(sim) == wanted, (name, query)
        assert sim.unknown == []


def test_replies_are_computed_from_several_properties() -> None:
    sim = simulator('{ q: "POW?", r: "{level ** 2 / gain[\'B\']:+.2E} W {{{mode}}}" }')
    assert ask(sim, "POW?") == "+4.00E+00 W {VOLT}"
    assert ask(sim, "LEV 3") is None and ask(sim, "GAIN B,2") is None
    assert ask(sim, "POW?") == "+2.25E+00 W {VOLT}"


def test_a_command_sets_several_properties_one_after_the_other() -> None:
    sim = simulator(
        '{ q: "CONF {name},{number}", set: { mode: name, level: number, points: "level + 1" } }',
        '{ q: "ALL?", r: "{mode},{level},{points}" }',
    )
    assert ask(sim, "CONF CURR,4") is None and ask(sim, "ALL?") == "CURR,4.0,5"
    assert ask(sim, "CONF OHM,1") is None and sim.unknown == ["CONF OHM,1"]
    assert ask(sim, "ALL?") == "CURR,4.0,5" and ask(sim, "ERR?") == "-113" and ask(sim, "ERR?") == "0"


def test_a_reset_restores_the_values_of_the_file() -> None:
    sim = simulator('{ q: "*RST", reset: true, set: { level: 1 } }')
    assert ask(sim, "LEV 4") is None and ask(sim, "GAIN 1,3") is None
    assert (ask(sim, "LEV?"), ask(sim, "GAIN? 1"), ask(sim, "GAIN? B")) == ("4.000", "6", "1")
    assert ask(sim, "*RST") is None
    assert (ask(sim, "LEV?"), ask(sim, "GAIN? 1")) == ("1.000", "1")


def test_channels_have_values_of_their_own() -> None:
    sim = simulator()
    assert ask(sim, "GAIN B,3") is None
    assert (ask(sim, "OUT? 1"), ask(sim, "OUT? B")) == ("2.0 of 1", "12.0 of B")
    assert ask(sim, "GAIN 1,99") is None and sim.unknown == ["GAIN 1,99"], "the property accepts 10 at most"
    assert ask(sim, "OUT? C") is None


def test_a_reply_is_repeated() -> None:
    sim = simulator(
        '{ q: "READ?", r: "{level + i:+.1E}", repeat: points }', '{ q: "LIST?", r: "{i}", repeat: 4, separator: ";" }'
    )
    assert ask(sim, "READ?") == "+2.0E+00,+3.0E+00,+4.0E+00"
    assert ask(sim, "LIST?") == "0;1;2;3"


def test_pyvisa_reads_binary_blocks() -> None:
    sim = simulator(
        '{ q: "B?", r: { block: B, values: "i * 10", count: points, digits: 9 } }',
        '{ q: "F?", r: { block: ">f", values: "level / (i + 1)", count: 40 } }',
    )
    with devices(finder({"GPIB0::5::INSTR": sim})):
        session: Any = pyvisa.ResourceManager().open_resource("GPIB::5::INSTR", write_termination="\n")
        assert session.query_binary_values("B?", "B") == [0, 10, 20]
        session.write("B?")
        assert session.read_raw() == b"#9000000003\x00\x0a\x14\n"
        assert session.query_binary_values("F?", "f", is_big_endian=True)[:2] == [2.0, 1.0]
        assert session.read_stb() == 0
        session.write("LEV?")
        assert session.read_stb() == 0x10
        session.clear()
        with pytest.raises(pyvisa.errors.VisaIOError):
            session.read()


def test_messages_of_fixed_length_need_no_terminator() -> None:
    sim = open_simulators(BINARY)["ASRL1::INSTR"]
    request = struct.pack("<HBB", 0x0490, 1, 99)
    for byte in request[:-1]:
        sim.write(bytes([byte]), False)
        assert not sim.waiting()
    sim.write(request[-1:] + struct.pack("<HBBi", 0x0453, 4, 0xD0, 77) + request, False)
    assert sim.read(8).data == struct.pack("<HhI", 0x0491, -5, 3)
    assert sim.read(100).data == struct.pack("<HhI", 0x0491, -5, 77)
    sim.write(struct.pack("<HHB", 5, 0x1234, 7), False)
    assert sim.read(100).data == b"\x01VOLT\0\0\0\0" + struct.pack(">d", 77 / 4)
    assert sim.unknown == []
    sim.write(b"\x99\x99\x99", False)
    assert sim.unknown == ["99 99 99"]
    with pytest.raises(DeviceTimeoutError):
        sim.read(1)


def test_a_field_takes_no_query_for_a_value() -> None:
    sim = simulator('{ q: "2VA{value}", set: { level: value } }', '{ q: "2VA?", r: "{level}" }')
    assert ask(sim, "2VA3.5") is None and ask(sim, "2VA?") == "3.5" and sim.unknown == []


WRONG = [
    ("{ r: x }", "needs q"),
    ('{ q: "" }', "q is empty"),
    ('{ q: "A {x} {x}" }', "same name"),
    ('{ q: "A {x}{y}" }', "there must be text after the field x"),
    ('{ q: A, what: 1 }', "unknown key 'what'"),
    ('{ q: A, set: 1 }', "set is not a mapping"),
    ('{ q: A, set: { nothing: 1 } }', "no property 'nothing'"),
    ('{ q: A, r: "{nothing}" }', "no property 'nothing'"),
    ('{ q: A, r: "{level:99999d}" }', "is no format"),
    ('{ q: A, r: "{level!r}" }', "is not an expression"),
    ('{ q: A, r: "{level" }', "braces do not match"),
    ('{ q: A, r: "{().__class__}" }', "may not use"),
    ('{ q: A, repeat: 3 }', "only a reply in words"),
    ('{ q: A, reset: maybe }', "reset is neither"),
    ('{ q: A, r: { block: B, count: 1 } }', "a binary block has"),
    ('{ q: A, r: { block: 9s, values: 1, count: 1 } }', "no type of a value"),
    ('{ q: A, r: { block: B, values: 1, count: 1, digits: 10 } }', "digits"),
    ('{ q: ["<999s999s", 1, 1] }', "longer than"),
    ('{ q: ["HB", 1, 1] }', "begins with a layout"),
    ('{ q: ["<HB", 1] }', "has 2 values, not 1"),
    ('{ q: ["<H", x] }', "must begin with a number"),
    ('{ q: ["<B", 300] }', "does not fit"),
]  # fmt: skip


@pytest.mark.parametrize(("item", "reason"), WRONG)
def test_a_wrong_dialogue_is_refused_with_its_reason(item: str, reason: str) -> None:
    with pytest.raises(SimulatorError, match=reason):
        simulator(item)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ('{ q: A, r: "{1 / (level - 2)}" }', "division by zero"),
        ('{ q: A, r: "{mode:d}" }', "does not fit the format"),
        ('{ q: A, r: "{i}", repeat: 1e6 }', "not a number from 0 to 100000"),
        ('{ q: A, r: "{i:099d}", repeat: 1e5 }', "longer than"),
        ("{ q: A, r: { block: B, values: 300, count: 1 } }", "does not fit"),
        ('{ q: A, r: { block: "<d", values: i, count: mode } }', "not a number from 0"),
    ],
)
def test_a_dialogue_that_cannot_answer_says_why(item: str, reason: str) -> None:
    sim = simulator(item)
    start = time.process_time()
    with pytest.raises(SimulatorError, match=reason) as found:
        ask(sim, "A")
    assert "simulator.yaml" in str(found.value) and time.process_time() - start < 5


BOUND = "\nresources: { GPIB0::1::INSTR: { device: a } }"


def plain(part: str) -> str:
    """A device with this part."""
    eom = '{ GPIB INSTR: { q: "\\n", r: "\\n" } }'
    return f'spec: "1.1"\ndevices: {{ a: {{ eom: {eom}, {part} }} }}{BOUND}'


HOSTILE = {
    "no YAML": "a: [",
    "no mapping": "- 1",
    "no spec": "devices: {}",
    "a newer spec": 'spec: "2.0"',
    "no resources": 'spec: "1.1"',
    "a device that is not there": 'spec: "1.1"\nresources: { GPIB0::1::INSTR: { device: a } }',
    "another file": 'spec: "1.1"\nresources: { GPIB0::1::INSTR: { device: a, filename: /etc/passwd } }',
    "a bundled file": 'spec: "1.1"\nresources: { GPIB0::1::INSTR: { device: a, bundled: true } }',
    "an object of Python": 'spec: !!python/object/apply:os.system ["id"]',
    "deep nesting": "[" * 1000,
    "aliases of aliases": "b: &b [1]\n" + "".join(f"{y}: &{y} [*{x}, *{x}]\n" for x, y in pairwise("bcdefgh")),
    "itself inside": "a: &a [*a]",
    "a mebibyte": 'spec: "1.1"' + " " * (1 << 20),
    "a wide number": plain('properties: { p: { getter: { q: P, r: "{:999999999d}" }, default: 1 } }'),
    "an attribute": plain('properties: { p: { getter: { q: P, r: "{0.__class__}" }, default: 1 } }'),
    "an index": plain('properties: { p: { getter: { q: P, r: "{0[0]}" }, default: 1 } }'),
    "many fields": plain('properties: { p: { setter: { q: "{}a{}a{}a{}" }, default: 1 } }'),
    "a long random reply": plain('dialogues: [{ q: A, r: "{RANDOM(0, 1, 999999999):.1f}" }]'),
    "a wrong property": plain("properties: { p: { default: x, specs: { type: int } } }"),
    "an unknown type": plain("properties: { p: { default: 1, specs: { type: complex } } }"),
    "bases": plain("bases: [a]"),
    "an unknown interface": 'spec: "1.1"\ndevices: { a: { eom: { MAGIC INSTR: { q: x, r: y } } } }' + BOUND,
    "many channels": plain("channels: { c: { ids: [" + ", ".join(map(str, range(200))) + "] } }"),
    "many dialogues": plain("dialogues: [" + "{ q: A }, " * 60 + "]"),
    "many resources": 'spec: "1.1"\ndevices: { a: { dialogues: [' + "{ q: A }, " * 9 + "] } }\nresources:\n"
    + "".join(f"  GPIB0::{n % 30}::{n}::INSTR: {{ device: a }}\n" for n in range(9)),
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_soon(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator_file, "MOST_ENTRIES", 50)
    start = time.process_time()
    with pytest.raises(SimulatorError):
        open_simulators(text)
    assert time.process_time() - start < 5


def test_a_definition_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulators, "MOST_WAITING", 1 << 16)
    sim = simulator('{ q: A, r: "{i:099d}", repeat: 50 }')
    with pytest.raises(SimulatorError, match="unread"):
        for _ in range(40):
            sim.write(b"A\n", True)
    sim = simulator()
    with pytest.raises(SimulatorError, match="without a terminator"):
        for _ in range(40):
            sim.write(b"x" * 4096, True)


def test_every_resource_is_an_instrument_of_its_own() -> None:
    text = COMPUTED.format(items="      []") + "  GPIB0::6::INSTR: { device: meter }\n"
    one, other = open_simulators(text).values()
    assert ask(one, "LEV 4") is None and ask(other, "LEV?") == "2.000" and len(read_simulator(text)) == 2


METER = """
import numpy as np
from pybirch.Instruments.base import VisaBaseMeasurementInstrument


class Meter(VisaBaseMeasurementInstrument):
    def __init__(self, name="meter", adapter=""):
        super().__init__(name, adapter)
        self.data_columns = np.array(["level"])
        self.data_units = np.array(["V"])
        self.instrument.write_termination = "\\n"

    def _perform_measurement_impl(self):
        try:
            self.instrument.write("NEVER HEARD OF")
        except Exception:
            pass
        return np.array([[float(self.instrument.query("LEV?"))]])
"""


def test_an_unknown_command_and_an_unusable_file_fail_with_words(tmp_path: Path) -> None:
    folder = definition(tmp_path, "Meter", METER)
    (folder / "simulator.yaml").write_text(COMPUTED.format(items="      []"))
    measured, compared = run_simulator(Subject(folder, "Meter"))
    assert (measured.state, compared.state) == ("failed", "failed")
    assert measured.difference is not None and compared.message is not None
    assert 'sent "NEVER HEARD OF' in measured.difference and "Meter.py:15  self.instrument" in measured.difference
    assert "'NEVER HEARD OF' (Meter.py:15)" in compared.message
    (folder / "simulator.yaml").write_text(HOSTILE["a wide number"])
    assert [item.state for item in run_simulator(Subject(folder, "Meter"))] == ["failed", "failed"]
