"""Every built-in VISA definition works with its simulator and its recordings, and faults in its code are noticed."""

import gc
import shutil
from pathlib import Path

import pytest

from pybirch_registry.testing import clock, simulated
from pybirch_registry.testing.commands import sent, unknown_commands
from pybirch_registry.testing.computed import SimulatorError
from pybirch_registry.testing.connections import devices
from pybirch_registry.testing.difference import Difference
from pybirch_registry.testing.measure import Measurement
from pybirch_registry.testing.recording import read
from pybirch_registry.testing.replaying import Here, replay
from pybirch_registry.testing.simulator_file import read_simulator
from pybirch_registry.testing.simulators import simulators_of

BUILT_IN = Path(__file__).parents[3] / "registry" / "builtin"
VISA = sorted(path.stem for path in BUILT_IN.glob("*/*.py") if "VisaBase" in path.read_text(encoding="utf-8"))


def measure(folder: Path, name: str, rows: int | None = None) -> object:
    here = Here(folder, name)
    with clock.running(), devices(here.find):
        return Measurement(here, simulators_of(folder)).run(rows)


def unknown(folder: Path, name: str) -> list[str]:
    files = read_simulator((folder / "simulator.yaml").read_text(encoding="utf-8"))
    return [one.command for one in unknown_commands((folder / f"{name}.py").read_text(encoding="utf-8"), files)]


def test_every_visa_definition_has_a_simulator_and_recordings() -> None:
    assert len(VISA) == 16
    for name in VISA:
        recordings = list((BUILT_IN / name / "tests").glob("*.jsonl"))
        assert (BUILT_IN / name / "simulator.yaml").is_file() and len(recordings) >= 2, name
        steps = [step for path in recordings for step in read(path).steps]
        assert {"connect", "initialize", "shutdown"} <= {step.attribute for step in steps}, name
        assert any(step.attribute in ("perform_measurement", "position") and step.is_checked for step in steps), name


@pytest.mark.parametrize("name", VISA)
def test_it_measures_with_its_simulator_and_replays_its_recordings(name: str) -> None:
    folder = BUILT_IN / name
    table = measure(folder, name, 2)
    assert len(table.columns) == len(table.units) >= 1 and len(table.rows) == 2  # type: ignore[attr-defined]
    assert unknown(folder, name) == []
    for path in sorted((folder / "tests").glob("*.jsonl")):
        if name == "ESP301Axis":
            gc.collect()  # axes at one address share a session until none is left
        replay(path)


def test_a_definition_is_simulated_in_the_present_process(monkeypatch: pytest.MonkeyPatch) -> None:
    with simulated(BUILT_IN / "SR830") as lock_in:
        lock_in.settings = {"frequency": 100000.0}
        assert lock_in.perform_measurement()[0, 4] == 100000.0
        with pytest.raises(Difference, match='sent "NEVER'):
            lock_in.instrument.write("NEVER HEARD OF")
    monkeypatch.chdir(BUILT_IN / "ESP301Axis" / "tests")
    with simulated("ESP301Axis", axis=3) as axis:
        axis.position = 2.5
        assert axis.position == 2.5
    with pytest.raises(SimulatorError, match=r"no simulator\.yaml"), simulated(BUILT_IN / "SimulatedLockIn"):
        pass


def test_what_the_code_sends_is_found() -> None:
    """All definitions but the one with binary messages send texts that the check can compare."""
    for name in VISA:
        found = [pattern for _, pattern in sent((BUILT_IN / name / f"{name}.py").read_text(encoding="utf-8"))]
        known = [one for one in found if any(isinstance(piece, str) for piece in one)]
        assert len(known) >= 3 or name == "ThorlabsKDC101", (name, found)


FAULTS = [
    ("SR830", '"FREQ"', '"FREW"', "wrong command"),
    ("SR830", '"SNAP? 1,2,3,4,9"', '"SNAP? 1,2,4,3,9"', "wrong order of columns"),
    ("SR830", "1e-6, 2e-6", "2e-6, 1e-6", "two sensitivities swapped"),
    ("SR830", 'self.instrument.write("*CLS")\n', "pass\n", "no *CLS"),
    ("SR860", '"SNAP? X,Y"', '"SNAP? Y,X"', "X and Y swapped"),
    ("SR860", "math.degrees(math.atan2(y, x))", "math.atan2(y, x)", "radians for degrees"),
    ("SR860", '"SLVL 1e-09"', '"SLVL 1"', "the output stays on"),
    ("SignalRecovery7270", 'write_termination = "\\0"', 'write_termination = "\\n"', "wrong terminator"),
    ("SignalRecovery7270", 'numbered("A", "-B", "A-B", first=1)', 'numbered("A", "-B", "A-B")', "counted from 0"),
    ("Keithley2400", '"voltage": "CURR", "current": "VOLT"', '"voltage": "VOLT", "current": "CURR"', "wrong limit"),
    ("Keithley2400", "FORM:ELEM VOLT,CURR,TIME", "FORM:ELEM CURR,VOLT,TIME", "columns swapped"),
    ("Keithley2000", """code = f"'{code}'\"""", "pass", "quotes missing"),
    ("HP34401A", "[float(value)] for value", "[1000 * float(value)] for value", "off by a factor of 1,000"),
    ("Keithley2182A", "DFIL:TCON REP", "DFIL:TCON MOV", "moving filter"),
    ("Keithley6221", 'self.instrument.write("OUTP ON")', "pass", "the output stays off"),
    ("Keithley6221", "f\"SOUR:CURR {float(value)}\"", "f\"SOUR:CURR {float(value) * 1000}\"", "mA for A"),
    ("Agilent33220A", '"high impedance": "INF"', '"high impedance": "HIGH"', "wrong keyword"),
    ("KeysightE36312A", "(@{self.channel})", "(@1)", "always channel 1"),
    ("LakeShore335", '"KRDG? {channel}"', '"CRDG? {channel}"', "celsius for kelvin"),
    ("LakeShore335Loop", "{self._p},{self._i},{self._d}", "{self._p},{self._d},{self._i}", "I and D swapped"),
    ("ESP301Axis", 'self._command("SN2")', 'self._command("SN3")', "wrong unit"),
    ("ESP301Axis", "if int(code) != 0:", "if False:", "swallowed error"),
    ("StanfordDG645", "{value:.12f}", "{value:.6f}", "rounded delay"),
    ("ThorlabsKDC101", 'struct.pack("<Hi", CHANNEL, target)', 'struct.pack(">Hi", CHANNEL, target)', "byte order"),
    ("ThorlabsKDC101", '"MTS25-Z8": (34304.0', '"MTS25-Z8": (34.304', "µm for mm"),
    ("RigolDS1054Z", "(codes.astype(float) - y_origin - y_reference)", "(codes.astype(float) - y_reference)", "offset"),
    ("RigolDS1054Z", '":WAV:MODE NORM"', '":WAV:MODE RAW"', "memory for screen"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "after", "what"), FAULTS, ids=[f"{one[0]}: {one[3]}" for one in FAULTS])
def test_a_planted_fault_is_noticed(name: str, before: str, after: str, what: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(BUILT_IN / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    code = (folder / f"{name}.py").read_text(encoding="utf-8")
    assert before in code
    (folder / f"{name}.py").write_text(code.replace(before, after), encoding="utf-8")
    found: list[Difference] = []
    for path in sorted((folder / "tests").glob("*.jsonl")):
        if name == "ESP301Axis":
            gc.collect()
        try:
            replay(path)
        except Difference as difference:
            found.append(difference)
    assert found, what
    # Where a wrong value was computed is known only in a process of its own, which costs a second.
    assert any((one.place and one.place.file == f"{name}.py") or "another value" in one.given for one in found), found
