"""The format of recordings: what is written is read again, and what is broken is refused with its line."""

import base64
import json
import math
import random
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pybirch_registry.testing import values
from pybirch_registry.testing.recording import Entry, Recording, RecordingError, Step, Terminators, parse, read, write

HEAD: dict[str, Any] = {
    "recording": 1,
    "class": "SR830",
    "args": {"name": "lockin", "adapter": "GPIB::8::INSTR"},
    "terminators": {"write": "\r\n", "read": "\n"},
}
STEP: dict[str, Any] = {
    "call": "perform_measurement",
    "args": [1],
    "kwargs": {"fast": True},
    "gives": [[0.003, 0.004]],
    "relative": 1e-9,
    "io": [["w", "SNAP? 1,2"], ["r", "0.003,0.004"], ["r", {"base64": "AAH/"}], ["timeout"], ["status", 65], ["clear"]],
}


def lines(*values: Any) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in values).encode()


def test_a_recording_of_the_contract_is_read() -> None:
    raising = {"raises": "TimeoutError", "call": "connect"}
    found = parse(lines({**HEAD, "instrument": "SR830, 1.07"}, STEP, {"set": "settings", "to": {"gain": 3}}, raising))
    assert (found.cls, found.adapter, found.instrument) == ("SR830", "GPIB::8::INSTR", "SR830, 1.07")
    first, second, third = found.steps
    assert (first.verb, first.attribute, first.args, first.kwargs) == (
        "call",
        "perform_measurement",
        (1,),
        {"fast": True},
    )
    assert (first.is_checked, first.gives, first.relative, first.line) == (True, [[0.003, 0.004]], 1e-9, 2)
    assert first.io == (
        Entry("w", b"SNAP? 1,2\r\n"),
        Entry("r", b"0.003,0.004\n"),
        Entry("r", b"\x00\x01\xff"),
        Entry("timeout"),
        Entry("status", status=65),
        Entry("clear"),
    )
    assert (second.verb, second.attribute, second.to, second.io) == ("set", "settings", {"gain": 3}, ())
    assert (third.raises, third.is_checked) == ("TimeoutError", False)


def made(chance: random.Random) -> Recording:
    """A recording with every kind of step and entry."""
    terminators = Terminators(chance.choice(["", "\n", "\r\n", "\r"]), chance.choice(["", "\n", "\r\n"]))

    def data() -> bytes:
        content = chance.choice([chance.randbytes(5), "µ°€".encode(), b"*IDN?", b"a\nb", b"\x1b[31m", b" "])
        return content + chance.choice([b"", terminators.write.encode(), b"\n"])

    def entry() -> Entry:
        kind = chance.choice(["w", "r", "timeout", "status", "clear"])
        if kind in ("w", "r"):
            return Entry("w" if kind == "w" else "r", data())
        return Entry("status", status=chance.randrange(256)) if kind == "status" else Entry(kind)  # type: ignore[arg-type]

    def step(line: int) -> Step:
        io = tuple(entry() for _ in range(chance.randrange(4)))
        value = chance.choice([None, 1, 0.1, "é\n", [1, [True]], {"a": {"float": "nan"}}])
        if chance.random() < 0.3:
            raises = chance.choice([None, "ValueError"])
            return Step("set", chance.choice(["x", "ch[0].voltage"]), to=value, raises=raises, io=io, line=line)
        if chance.random() < 0.3:
            return Step("call", "x", (value,), {"k": value}, raises="OSError", io=io, line=line)
        return Step("call", "ch['A'].f", (), {}, None, True, value, chance.choice([0.0, 1e-6]), None, io, line)

    steps = tuple(step(n + 2) for n in range(chance.randrange(5)))
    io = tuple(entry() for _ in range(chance.randrange(3)))
    texts = [chance.choice([None, "text"]) for _ in range(2)]
    return Recording("A", {"adapter": "COM3", "x": [1]}, terminators, steps, io, texts[0], texts[1], {"python": "3"})


def test_what_is_written_is_read_again() -> None:
    chance = random.Random(15)
    for _ in range(300):
        recording = made(chance)
        assert parse(write(recording).encode()) == recording


BROKEN: list[tuple[str, bytes, str]] = [
    ("an empty file", b"", "x.jsonl:1: the file is empty"),
    ("no UTF-8", lines(HEAD) + b"\xff\n", "x.jsonl:2: this is not UTF-8"),
    ("no JSON", lines(HEAD, STEP) + b"{\n", "x.jsonl:3: this is not JSON"),
    ("an empty line", lines(HEAD) + b"\n" + lines(STEP), "x.jsonl:2: the line is empty"),
    ("a list", lines(HEAD, []), "x.jsonl:2: the line is not a JSON object"),
    ("deep nesting", lines(HEAD) + b'{"call": ' + b"[" * 100000 + b"\n", "x.jsonl:2: this is not JSON"),
    ("a property twice", lines(HEAD) + b'{"call": "a", "call": "b"}\n', 'x.jsonl:2: "call" is there twice'),
    ("NaN", lines(HEAD, {"call": "a", "gives": math.nan}), 'x.jsonl:2: JSON has no NaN; write {"float": "nan"}'),
    ("a huge number", lines(HEAD) + b'{"call": "a", "gives": 1e999}\n', "x.jsonl:2: 1e999 is too large"),
    ("a long number", lines(HEAD) + b'{"call": "a", "gives": ' + b"1" * 5000 + b"}\n", "x.jsonl:2: this is not JSON"),
    (
        "a log of another program",
        b'{"test_a": {"rx": "AA==", "tx": "AA=="}}\n',
        "x.jsonl:1: the first line of a recording",
    ),
    ("a newer format", lines({**HEAD, "recording": 2}), 'x.jsonl:1: "recording" is 2; this package reads format 1'),
    ("true as format", lines({**HEAD, "recording": True}), 'x.jsonl:1: "recording" is true'),
    ("no class name", lines({**HEAD, "class": "../SR830"}), "x.jsonl:1: \"class\" is '../SR830'"),
    (
        "an unknown property",
        lines({**HEAD, "instruments": "x"}),
        'x.jsonl:1: "instruments" is not known here; did you mean "instr',
    ),
    ("args as list", lines({**HEAD, "args": []}), 'x.jsonl:1: "args" is []; write an object'),
    ("an adapter as number", lines({**HEAD, "args": {"adapter": 8}}), 'x.jsonl:1: "adapter" in "args" is not text'),
    ("half a terminator", lines({**HEAD, "terminators": {"write": "\n"}}), 'x.jsonl:1: "terminators" has exactly'),
    (
        "a terminator as null",
        lines({**HEAD, "terminators": {"write": "\n", "read": None}}),
        'x.jsonl:1: "terminators" has',
    ),
    ("an environment as text", lines({**HEAD, "environment": "3.11"}), 'x.jsonl:1: "environment" is "3.11"'),
    ("neither call nor set", lines(HEAD, {"io": []}), 'x.jsonl:2: a step has either "call" or "set"'),
    ("call and set", lines(HEAD, {"call": "a", "set": "b", "to": 1}), 'x.jsonl:2: a step has either "call" or "set"'),
    ("set without a value", lines(HEAD, {"set": "a"}), 'x.jsonl:2: "to" is missing'),
    ("to in a call", lines(HEAD, {"call": "a", "to": 1}), 'x.jsonl:2: "to" does not belong to "call"'),
    ("gives in a set", lines(HEAD, {"set": "a", "to": 1, "gives": 1}), 'x.jsonl:2: "gives" does not belong to "set"'),
    ("a private name", lines(HEAD, {"call": "__class__"}), "x.jsonl:2: '__class__' is not the name of a method"),
    ("an expression", lines(HEAD, {"call": "a()"}), "x.jsonl:2: 'a()' is not the name of a method"),
    (
        "gives and raises",
        lines(HEAD, {"call": "a", "gives": 1, "raises": "OSError"}),
        'x.jsonl:2: a step either "gives"',
    ),
    ("relative alone", lines(HEAD, {"call": "a", "relative": 0.1}), 'x.jsonl:2: "relative" says how exactly'),
    ("a wide tolerance", lines(HEAD, {"call": "a", "gives": 1, "relative": 1}), 'x.jsonl:2: "relative" is 1'),
    ("args as object", lines(HEAD, {"call": "a", "args": {}}), 'x.jsonl:2: "args" is {}; write a list'),
    (
        "an argument without value",
        lines(HEAD, {"call": "a", "args": [{"object": "X"}]}),
        "x.jsonl:2: \"args\": {'object'",
    ),
    ("io as object", lines(HEAD, {"call": "a", "io": {}}), 'x.jsonl:2: "io" is {}; write a list'),
    (
        "an unknown entry",
        lines(HEAD, {"call": "a", "io": [["x", "A"]]}),
        'x.jsonl:2: entry 1 of "io", ["x", "A"], is unk',
    ),
    ("a bare text", lines(HEAD, {"call": "a", "io": ["A"]}), 'x.jsonl:2: entry 1 of "io", "A", is unknown'),
    (
        "a late entry",
        lines(HEAD, {"call": "a", "io": [["timeout"], ["w"]]}),
        'x.jsonl:2: entry 2 of "io", ["w"], has 0 va',
    ),
    (
        "a timeout with time",
        lines(HEAD, {"call": "a", "io": [["timeout", 2]]}),
        'x.jsonl:2: entry 1 of "io", ["timeout", 2],',
    ),
    (
        "a status of nine bits",
        lines(HEAD, {"call": "a", "io": [["status", 256]]}),
        "is no status byte; write a number from",
    ),
    (
        "a number as message",
        lines(HEAD, {"call": "a", "io": [["w", 5]]}),
        'has no bytes; write text or {"base64": "…"}',
    ),
    ("bad base64", lines(HEAD, {"call": "a", "io": [["r", {"base64": "A"}]]}), "is not base64"),
    ("more than base64", lines(HEAD, {"call": "a", "io": [["r", {"base64": "", "x": 1}]]}), "has no bytes; write text"),
    ("no bytes", lines(HEAD, {"call": "a", "io": [["r", {"base64": ""}]]}), "has no bytes; remove it"),
    ("half a character", lines(HEAD, {"call": "a", "io": [["w", "\ud800"]]}), "has half a character"),
]


@pytest.mark.parametrize(("content", "says"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_recording_is_refused_with_its_line(content: bytes, says: str) -> None:
    with pytest.raises(RecordingError) as refused:
        parse(content, "x.jsonl")
    assert str(refused.value).startswith("x.jsonl:")
    assert says in str(refused.value)


def test_no_damage_is_read_as_something_else_or_crashes() -> None:
    """Damaged bytes, lost and doubled lines are refused or read; nothing else happens."""
    chance = random.Random(1)
    whole = lines(HEAD, STEP, {"set": "settings", "to": {"gain": 3}, "io": [["w", "GAIN 3"]]})
    refused = 0
    for _ in range(2000):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(damaged))
            damaged[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        try:
            read_again = parse(bytes(damaged))
        except RecordingError:
            refused += 1
        else:
            assert parse(write(read_again).encode()) == replace(
                read_again, steps=tuple(replace(one, line=i) for i, one in enumerate(read_again.steps, 2))
            )
    assert refused > 1000


def test_a_file_that_cannot_be_read_or_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"tests/none\.jsonl cannot be read"):
        read(tmp_path / "tests" / "none.jsonl")
    large = tmp_path / "large.jsonl"
    with large.open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    with pytest.raises(RecordingError, match="is larger than"):
        read(large)


class Mode(Enum):
    FAST = 1


class Opaque:
    pass


GIVEN: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (3, 3),
    (0.25, 0.25),
    ("é", "é"),
    ((1, [2.5, "a"]), [1, [2.5, "a"]]),
    ({"a": (1,)}, {"a": [1]}),
    (math.nan, {"float": "nan"}),
    (-math.inf, {"float": "-inf"}),
    (1 + 2j, {"complex": [1.0, 2.0]}),
    (b"\x00\xff", {"base64": "AP8="}),
    (np.array([[1.5, math.inf]]), [[1.5, {"float": "inf"}]]),
    (np.array([1 + 1j]), [{"complex": [1.0, 1.0]}]),
    (np.float32(0.5), 0.5),
    (np.int16(4), 4),
    (np.bool_(True), True),
    (np.array(["a", "b"]), ["a", "b"]),
    (pd.DataFrame({"x (V)": [1.0, 2.0]}), {"x (V)": [1.0, 2.0]}),
    ({1: "a"}, {"dict": [[1, "a"]]}),
    ({"float": 1}, {"dict": [["float", 1]]}),
    ({3, 1}, [1, 3]),
    (Mode.FAST, {"object": "Mode", "text": "Mode.FAST"}),
    (Opaque(), {"object": "Opaque"}),
    (lambda: None, {"object": "function"}),
    (Path("a"), {"object": type(Path("a")).__name__, "text": "a"}),
]


@pytest.mark.parametrize(("value", "shown"), GIVEN, ids=[repr(shown) for _, shown in GIVEN])
def test_each_value_has_one_form_in_json_which_is_equal_to_itself(value: Any, shown: Any) -> None:
    encoded = values.encode(value)
    assert (encoded, type(encoded)) == (shown, type(shown))
    assert values.find_difference(json.loads(json.dumps(encoded, allow_nan=False)), values.encode(value)) is None


@pytest.mark.parametrize(
    "value", [None, True, 3, 0.25, "é", [1, [2.5]], {"a": [1]}, -math.inf, 1 + 2j, b"\x00\xff", {1: "a"}, {"float": 1}]
)
def test_an_argument_is_passed_as_it_was(value: Any) -> None:
    passed = values.decode(json.loads(json.dumps(values.encode(value))))
    assert (passed, type(passed)) == (value, type(value))


def test_a_value_that_refers_to_itself_or_breaks_has_a_form() -> None:
    endless: list[Any] = []
    endless.append(endless)

    class Broken:
        def __str__(self) -> str:
            raise ValueError

        def __getattr__(self, name: str) -> Any:
            raise ValueError(name)

    json.dumps(values.encode(endless))
    assert values.encode(Broken()) == {"object": "Broken"}


@pytest.mark.parametrize(
    ("expected", "given", "says"),
    [
        (1, True, "it is True instead of 1"),
        (1.0, 1.1, "it is 1.1 instead of 1.0"),
        ([1, [2, 3]], [1, [2, 4]], "[1][1] is 4 instead of 3"),
        ([1], [1, 2], "it has 2 values instead of 1"),
        ({"a": 1}, {"a": 2}, "['a'] is 2 instead of 1"),
        ({"a": 1}, {"b": 1}, "it lacks a and also has b"),
        ("a", None, "it is None instead of 'a'"),
        ({"float": "nan"}, 0.0, "it is 0.0 instead of {'float': 'nan'}"),
    ],
)
def test_the_first_difference_of_two_values_is_told(expected: Any, given: Any, says: str) -> None:
    assert values.find_difference(expected, given, 1e-9) == says


def test_numbers_may_differ_by_the_tolerance_and_no_more() -> None:
    assert values.find_difference([1.0, 5], [1.0 + 1e-10, 5.0], 1e-9) is None
    assert values.find_difference([1.0], [1.0 + 1e-8], 1e-9) is not None
    assert values.find_difference(1.0, 1.0 + 1e-15) is not None
    assert values.find_difference(0.0, 1e-300, 1e-9) is not None


def test_base64_carries_no_terminator() -> None:
    found = parse(lines(HEAD, {"call": "a", "io": [["r", {"base64": base64.b64encode(b"#15hello").decode()}]]}))
    assert found.steps[0].io == (Entry("r", b"#15hello"),)
