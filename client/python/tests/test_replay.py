"""A replay notices every difference between a recording and what a definition sends, reads and gives."""

import copy
import random
import time
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from bench_definitions import HEAD, LOCK_IN, MOTOR, STEPS, definition, recorded
from pybirch_registry.testing import clock, replay, values
from pybirch_registry.testing.difference import Difference
from pybirch_registry.testing.steps import build


@pytest.fixture(scope="module")
def lock_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return definition(tmp_path_factory.mktemp("lock-in"), "LockIn", LOCK_IN)


def difference(folder: Path, steps: list[Any], head: Any = HEAD) -> Difference:
    with pytest.raises(Difference) as found:
        replay(recorded(folder, steps, head))
    return found.value


def test_a_recording_of_what_the_definition_does_passes_without_waiting(lock_in: Path) -> None:
    start = time.monotonic()
    instrument = replay(recorded(lock_in))
    assert type(instrument).__name__ == "LockIn"
    assert time.monotonic() - start < 60, "the definition sleeps 100 s"


def test_a_module_that_is_imported_while_the_clock_is_ahead_keeps_working() -> None:
    real = time.monotonic
    with clock.running():

        class Timeout:
            now, now_ns, sleep = time.monotonic, time.monotonic_ns, time.sleep

        kept = Timeout()
        kept.sleep(1000)
        assert kept.now() - real() > 999
        assert abs(kept.now_ns() / 1e9 - kept.now()) < 1
        with pytest.raises(ValueError, match="non-negative"):
            time.sleep(-1)
    assert abs(kept.now() - real()) < 10
    kept.sleep(0)
    assert time.monotonic is real


def places(steps: list[Any]) -> list[tuple[int, int]]:
    return [(i, j) for i, step in enumerate(steps) for j in range(len(step.get("io", ())))]


def mutants() -> Iterator[tuple[str, list[Any], Any]]:
    """Recordings that differ from what the definition does in one place of their traffic."""
    for i, j in places(STEPS):
        entry = STEPS[i]["io"][j]
        where = f"step {i + 1}, entry {j + 1}"

        def changed(i: int = i, j: int = j) -> tuple[list[Any], list[Any]]:
            steps = copy.deepcopy(STEPS)
            return steps, steps[i]["io"]

        steps, io = changed()
        del io[j]
        yield f"{where} is dropped", steps, HEAD
        steps, io = changed()
        io.insert(j, ["w", "EXTRA"])
        yield f"a write before {where}", steps, HEAD
        steps, io = changed()
        io.insert(j, copy.deepcopy(entry))
        if entry[0] != "status":  # an unread status byte is noticed at the end of the step
            yield f"{where} twice", steps, HEAD
        if j + 1 < len(STEPS[i]["io"]):
            steps, io = changed()
            io[j], io[j + 1] = io[j + 1], io[j]
            yield f"{where} and the next are swapped", steps, HEAD
        if entry[0] == "w":
            for k in range(len(entry[1])):
                steps, io = changed()
                io[j][1] = entry[1][:k] + chr(ord(entry[1][k]) ^ 1) + entry[1][k + 1 :]
                yield f"byte {k + 1} of {where} is changed", steps, HEAD
    for i, step in enumerate(STEPS):
        steps = copy.deepcopy(STEPS)
        steps[i].setdefault("io", []).append(["r", "EXTRA"])
        yield f"a read that is missing at the end of step {i + 1}", steps, HEAD
        if step.get("io"):
            steps = copy.deepcopy(STEPS)
            del steps[i]
            if i + 1 < len(STEPS) and STEPS[i + 1].get("io"):
                steps[i]["io"] = step["io"] + steps[i]["io"]
                yield f"the traffic of step {i + 1} in the next step", steps, HEAD
    for write in ("\n", "\r", "", "\n\r"):
        yield f"writes end with {write!r}", STEPS, {**HEAD, "terminators": {"write": write, "read": "\n"}}
    for i, j in ((2, 1), (4, 1)):  # numbers whose every digit counts
        text = STEPS[i]["io"][j][1]
        for k in range(len(text)):
            if text[k].isdigit() and text[k] != "0":
                steps = copy.deepcopy(STEPS)
                steps[i]["io"][j][1] = text[:k] + chr(ord(text[k]) ^ 1) + text[k + 1 :]
                yield f"digit {k + 1} of the reply in step {i + 1}", steps, HEAD


def test_every_mutant_of_the_traffic_is_noticed(lock_in: Path) -> None:
    missed, count = [], 0
    for name, steps, head in mutants():
        count += 1
        try:
            replay(recorded(lock_in, steps, head))
        except Difference:
            continue
        missed.append(name)
    assert missed == []
    assert count > 100


def test_no_random_change_of_order_passes(lock_in: Path) -> None:
    chance = random.Random(7)
    order = [tuple(place) for place in places(STEPS)]
    for _ in range(40):
        shuffled = order[:]
        chance.shuffle(shuffled)
        steps = copy.deepcopy(STEPS)
        for (i, j), (k, n) in zip(order, shuffled, strict=True):
            steps[i]["io"][j] = STEPS[k]["io"][n]
        difference(lock_in, steps)


def test_a_difference_says_what_was_sent_what_was_expected_and_where(lock_in: Path) -> None:
    steps = copy.deepcopy(STEPS)
    steps[4]["io"][0] = ["w", "SNAP? 1,2,3"]
    found = difference(lock_in, steps)
    line = LOCK_IN.splitlines().index('        reply = self.instrument.query("SNAP? 1,2")') + 1
    assert found.lines.splitlines() == [
        "at       step 5, call perform_measurement (tests/basic.jsonl:6)",
        'expected to send "SNAP? 1,2,3\\r\\n"',
        'but      sent "SNAP? 1,2\\r\\n" (they differ from byte 10 on)',
        f'in       LockIn.py:{line}  reply = self.instrument.query("SNAP? 1,2")',
    ]
    other = difference(lock_in, STEPS, {**HEAD, "terminators": {"write": "\n", "read": "\n"}})
    assert other.given == 'sent "*IDN?\\r\\n" (the terminators differ)'


@pytest.mark.parametrize(
    ("number", "change", "says"),
    [
        (3, {"gives": {"gain": 6}}, "gave another value: ['gain'] is 5 instead of 6"),
        (5, {"gives": [[0.003, -0.0041]]}, "gave another value: [0][1] is -0.004 instead of -0.0041"),
        (3, {"raises": "KeyError", "gives": None}, "raised nothing"),
        (4, {"raises": None}, "raised ValueError: the gain is refused"),
        (4, {"raises": "OSError"}, "raised ValueError: the gain is refused"),
        (7, {"call": "rest"}, "raised AttributeError: 'LockIn' object has no attribute 'rest'"),
        (3, {"args": [1]}, "raised TypeError: settings is a property, which takes no arguments"),
    ],
)
def test_a_wrong_result_is_noticed(lock_in: Path, number: int, change: dict[str, Any], says: str) -> None:
    steps = copy.deepcopy(STEPS)
    step = {**steps[number - 1], **change}
    steps[number - 1] = {key: value for key, value in step.items() if value is not None}
    found = difference(lock_in, steps)
    assert found.given == says
    assert found.step.startswith(f"step {number}, ")


def test_a_base_of_the_error_is_enough(lock_in: Path) -> None:
    steps = copy.deepcopy(STEPS)
    steps[3]["raises"] = "Exception"
    replay(recorded(lock_in, steps))


def test_a_definition_that_handles_all_errors_does_not_hide_a_difference(tmp_path: Path) -> None:
    source = LOCK_IN.replace("except VisaIOError:", "except BaseException:")
    folder = definition(tmp_path, "LockIn", source)
    found = difference(folder, [{"call": "connect", "gives": False, "io": [["w", "*IDN"], ["timeout"]]}])
    assert found.given == 'sent "*IDN?\\r\\n"'


def test_another_address_is_not_opened(tmp_path: Path) -> None:
    folder = definition(tmp_path, "LockIn", LOCK_IN.replace("(name, adapter)", '(name, "GPIB::9::INSTR")'))
    assert "'NoneType' object has no attribute" in difference(folder, STEPS).given


def test_a_serial_port_is_replayed_byte_by_byte(tmp_path: Path) -> None:
    folder = definition(tmp_path, "Motor", MOTOR)
    head = {**HEAD, "class": "Motor", "args": {"adapter": "COM3"}, "terminators": {"write": "\r", "read": "\n"}}
    steps = [
        {"call": "move", "args": [40], "gives": {"base64": "T0sK"}, "io": [["w", "M40"], ["r", "OK"]]},
        {
            "call": "status",
            "gives": {"base64": "/v8="},
            "io": [["w", {"base64": "AQL/"}], ["r", {"base64": "/v8="}], ["timeout"]],
        },
    ]
    assert replay(recorded(folder, steps, head)).port.port == "COM3"
    part = copy.deepcopy(steps)
    part[1]["io"][0] = ["w", {"base64": "AQL/AA=="}]  # type: ignore[index]
    assert difference(folder, part, head).given == "only sent bytes 01 02 ff of it, then read"
    more = copy.deepcopy(steps)
    more[0]["io"][1] = ["r", "OK\nOK"]  # type: ignore[index]
    assert difference(folder, more, head).given == "left it unread"


@pytest.mark.parametrize("adapter", ["ASRL3::INSTR", "TCPIP0::10.0.0.7::5025::SOCKET", "USB0::1::2::3::0::INSTR"])
def test_each_kind_of_session_reads_one_message_for_one_question(tmp_path: Path, adapter: str) -> None:
    folder = definition(tmp_path, "LockIn", LOCK_IN)
    head = {**HEAD, "args": {"adapter": adapter}}
    assert replay(recorded(folder, STEPS[:1] + STEPS[2:3], head)).adapter == adapter


class Range(Enum):
    WIDE = 1


class Ranged:
    def __init__(self, range: Any) -> None:
        self.range = range


def test_a_constructor_gets_the_member_of_an_enumeration_and_a_unit_is_computed_only_for_it() -> None:
    assert build(Ranged, {"range": {"attribute": "Range.WIDE"}}).range is Range.WIDE
    assert values.decode({"quantity": [2, "9**9**9"]}) == (2, "9**9**9"), "a check of the form computes nothing"
    with pytest.raises(ValueError, match="no value that can be passed"):
        values.decode({"quantity": [2, 3]})
