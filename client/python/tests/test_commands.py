"""Commands in the code that a simulator does not know are listed, and nothing else is."""

import itertools
import random
import re

import pytest

from pybirch_registry.testing.commands import ANY, Pattern, overlap, unknown_commands
from pybirch_registry.testing.simulator_file import read_simulator

SIMULATOR = """
spec: "1.1"
devices:
  meter:
    eom: { GPIB INSTR: { q: "\\n", r: "\\n" } }
    error: { status_register: [{ q: "*ESR?", command_error: 32 }] }
    dialogues: [{ q: "*IDN?", r: METER }, { q: "AX1:GO" }]
    properties:
      gain: { default: 1, getter: { q: "GAIN?", r: "{}" }, setter: { q: "GAIN {}" }, specs: { type: int } }
    channels:
      outputs:
        ids: [1, 2]
        properties: { volts: { default: 0, getter: { q: "VOLT? (@{ch_id})", r: "{}" }, specs: { type: float } } }
        computed: [{ q: "VOLT {value},(@{ch_id})", set: { volts: value } }]
    computed: [{ q: "SNAP? {first},{second}", r: "0" }]
resources: { GPIB0::1::INSTR: { device: meter } }
"""
CLASS = """
class Meter:
    def _command(self, text):
        self.instrument.write(f"AX{{self.axis}}:{{text}}")

    def _changed(self, text):
        text = "VOLT"
        self.instrument.write(text)

    def measure(self, x, sessions, log):
        {}
"""


def listed(line: str) -> list[str]:
    return [one.command for one in unknown_commands(CLASS.format(line), read_simulator(SIMULATOR))]


@pytest.mark.parametrize(
    "line",
    [
        'self.instrument.query("*IDN?")',
        'self.instrument.query("*ESR?")',
        'self.instrument.write("GAIN 5")',
        'self.instrument.write("GAIN 5\\n")',
        'self.instrument.write("GAIN 5;*IDN?")',
        'self.instrument.write(f"GAIN {x}")',
        'self.instrument.write("GAIN " + str(x))',
        'self.instrument.query(f"{x}?")',
        'self.instrument.query(f"VOLT? (@{x})")',
        'self.instrument.write(f"VOLT {x:.3f},(@{x})")',
        'self.instrument.query(f"SNAP? {x}")',
        "self.instrument.write(x)",
        'self.instrument.write("NEVER %d" % x)',
        'self.instrument.write("NEVER {}".format(x))',
        'self._command("GO")',
        'self._changed("NEVER")',
        'log.write("NEVER")',
        'sessions.instrument.write("NEVER")',
        'self.log.write("NEVER")',
        'self.instrument.write_raw(b"NEVER")',
        'print("NEVER")',
    ],
)
def test_what_may_be_known_is_not_listed(line: str) -> None:
    assert listed(line) == []


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ('self.instrument.write("NEVER")', ["NEVER"]),
        ('self.instrument.query("GAIN??")', ["GAIN??"]),
        ('self.instrument.write(f"LOSS {x}")', ["LOSS …"]),
        ('self.instrument.write("*IDN?;NEVER 1;" + x)', ["NEVER 1"]),
        ('self.instrument.query(f"VOLT? (#{x})")', ["VOLT? (#…)"]),
        ('self.instrument.query("VOLT? (@3)")', ["VOLT? (@3)"]),
        ('self.instrument.query("SNAP? 1")', ["SNAP? 1"]),
        ('self._command("NEVER")', ["AX…:NEVER"]),
        ('self._command(f"NEVER {x}")', ["AX…:NEVER …"]),
        ('x = [self.instrument.query("NEVER") for _ in x]', ["NEVER"]),
    ],
)
def test_what_cannot_be_known_is_listed(line: str, commands: list[str]) -> None:
    assert listed(line) == commands


def test_patterns_overlap_exactly_if_a_text_matches_both() -> None:
    """Short texts over two letters are enough: the patterns are as short."""
    draw = random.Random(5)
    texts = ["".join(letters) for length in range(7) for letters in itertools.product("ab", repeat=length)]

    def pattern() -> Pattern:
        return tuple(draw.choice([ANY, "a", "b", "ab", "ba"]) for _ in range(draw.randrange(4)))

    def matches(made: Pattern) -> set[str]:
        regex = re.compile("".join(".*" if piece is ANY else piece for piece in made))
        return {text for text in texts if regex.fullmatch(text)}

    overlaps = 0
    for _ in range(400):
        one, other = pattern(), pattern()
        # Two patterns of three pieces with a common text have one of at most six letters, or else none.
        common = bool(matches(one) & matches(other))
        assert overlap(one, other) is common or (overlap(one, other) and max(map(len, (one, other))) > 2), (one, other)
        overlaps += common
    assert 50 < overlaps < 350
