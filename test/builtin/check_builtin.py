"""Runs every built-in definition against scripted instruments and prints TAP.

    python check_builtin.py DEFINITIONS [METADATA]

DEFINITIONS is the folder of the definitions, METADATA a JSON file of what the registry reads from
them (name -> metadata). The pybirch that is found on the path provides the base classes.
"""

import gc
import importlib.util
import json
import logging
import math
import pathlib
import sys
import time
import traceback

import numpy as np
import pyvisa
from cases import CASES
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError

ADDRESS = "GPIB0::8::INSTR"


class Bus:
    """Stands for pyvisa's resource manager: one instrument at one address."""

    instrument = None
    opened = 0

    def open_resource(self, address):
        if address != ADDRESS or Bus.instrument is None:
            raise VisaIOError(StatusCode.error_resource_not_found)
        Bus.opened += 1
        return Bus.instrument


pyvisa.ResourceManager = Bus


class Silent:
    """An instrument that is switched off: everything runs into a timeout."""

    def __getattr__(self, name):
        def time_out(*arguments):
            raise VisaIOError(StatusCode.error_timeout)

        return time_out


def load(folder, name):
    """The class of a definition, its module executed anew."""
    path = pathlib.Path(folder, f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def near(one, other):
    """Equal, numbers but for an instrument's rounding."""
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-12)
    return one == other


def same(held, wanted):
    return all(near(held[key], value) for key, value in wanted.items())


def raises(kind, action):
    try:
        action()
    except kind:
        return True
    return False


def attach(cls, case, instrument):
    """An instance of the definition at an instrument; those before it are gone."""
    gc.collect()
    Bus.instrument = instrument
    if case.make is None:
        return cls()
    return cls("under test", ADDRESS, *case.arguments)


def checks(folder, name, metadata):
    """Yields (what is claimed, whether it holds) for one definition."""
    case = CASES[name]
    cls = load(folder, name)
    bare = cls()
    defaults = bare.settings
    yield "can be constructed with no argument", isinstance(bare.name, str)
    yield "serializes before it is connected", bare.serialize()["pybirch_class"] == name
    moves = hasattr(cls, "position")
    if metadata:
        yield (
            "has the default settings that the registry reads",
            (defaults == metadata["default_settings"]),
        )
        if moves:
            held = (bare.position_column, bare.position_units)
            read = (metadata["position_column"], metadata["position_units"])
        else:
            held = (bare.data_columns.tolist(), bare.data_units.tolist())
            read = (metadata["data_columns"], metadata["data_units"])
        yield "has the columns and units that the registry reads", held == read

    if case.make is None:
        yield from simulated(bare, case, moves)
    else:
        yield from connection(cls, case)
        yield from exchange(cls, case, defaults, moves)
        if hasattr(case.make(), "hold"):
            yield "says so where the instrument keeps its old settings", stubborn(cls, case)


def connection(cls, case):
    """No instrument but the right one is accepted."""
    Bus.instrument = None
    yield "does not connect where nothing can be opened", cls("x", ADDRESS).connect() is False
    yield "does not connect to silence", attach(cls, case, Silent()).connect() is False
    stranger = attach(cls, case, case.make("ACME,TOASTER,1,1"))
    yield "does not connect to another instrument", stranger.connect() is False
    sent = len(Bus.instrument.sent)
    stranger.shutdown()
    yield "leaves another instrument alone", len(Bus.instrument.sent) == sent


def exchange(cls, case, defaults, moves):
    """Settings, readings and the safe state, with the right instrument."""
    instrument = case.make()
    device = attach(cls, case, instrument)
    device.settings = case.fast
    start = {**defaults, **case.fast}
    yield "connects", device.connect() is True and device.check_connection()
    device.initialize()
    yield "holds its defaults once initialised", same(device.settings, start)

    device.settings = case.changes
    yield "takes other settings", same(device.settings, case.changes)
    before = len(instrument.writes())
    device.settings = {**device.settings, "no_such_setting": 1}
    yield "sends nothing that the instrument holds already", len(instrument.writes()) == before
    if case.bad:
        refused = raises(ValueError, lambda: setattr(device, "settings", case.bad))
        yield "refuses a value that the instrument does not have", refused
        device.settings = case.changes

    if moves:
        device.position = case.value
        yield "moves where it is told", near(device.position, case.value)
        yield "shows its position with a unit", device.position_df().shape == (1, 1)
    else:
        data = device.perform_measurement()
        shape = (case.rows, len(device.data_columns))
        yield "measures rows of its columns", data.dtype == float and data.shape == shape
        yield "reads the values", np.allclose(data[0], case.value, equal_nan=True)
        yield "makes a table", device.measurement_df().shape == shape
        yield "has a unit for each column", len(device.data_units) == len(device.data_columns)

    saved = device.serialize()
    yield "can be saved as JSON", json.loads(json.dumps(saved))["settings"] == saved["settings"]
    device.shutdown()
    yield "is left safe", case.safe(instrument) and not device.status
    yield "sends nothing that the manual does not have", instrument.unknown == []


def stubborn(cls, case):
    """Whether settings that the instrument does not take raise."""
    instrument = case.make()
    device = attach(cls, case, instrument)
    device.connect()
    instrument.hold = lambda key, value: None
    return raises(ValueError, lambda: setattr(device, "settings", case.changes))


def simulated(device, case, moves):
    """Without hardware: always connected, shapes, settings, a safe end."""
    yield "connects", device.connect() is True
    device.initialize()
    device.settings = case.changes
    yield "takes other settings", same(device.settings, case.changes)
    if moves:
        device.position = case.value
        yield "moves where it is told", near(device.position, case.value)
    else:
        shape = (case.rows, len(device.data_columns))
        yield "measures rows of its columns", device.measurement_df().shape == shape
    device.shutdown()


def physics(folder):
    """What the simulated instruments and the shared connections are for."""
    lock_in = load(folder, "SimulatedLockIn")()
    lock_in.settings = {"noise": 0.0, "frequency": 1e4, "corner": 1e4, "amplitude": 1.0}
    x, y, r, theta, _ = lock_in.perform_measurement()[0]
    yield (
        "SimulatedLockIn: half power and -45 degrees at the corner",
        (near(r, math.sqrt(0.5)) and near(theta, -45.0) and near(x, -y)),
    )
    lock_in.settings = {"sensitivity": 0.1}
    yield "SimulatedLockIn: clips at full scale", near(lock_in.perform_measurement()[0][0], 0.109)

    meter = load(folder, "SimulatedMultimeter")()
    meter.settings = {"points": 4000, "resistance": 1e9, "nplc": 0.01}
    noise = meter.perform_measurement()[:, 0].std()
    expected = math.sqrt(4 * 1.380649e-23 * 300 * 1e9 / (2 * 0.01 * 0.02))
    yield "SimulatedMultimeter: has thermal noise", math.isclose(noise, expected, rel_tol=0.1)

    spectrometer = load(folder, "SimulatedSpectrometer")()
    spectrum = spectrometer.perform_measurement()
    brightest = spectrum[spectrum[:, 1].argmax(), 0]
    yield "SimulatedSpectrometer: sees mercury's green line", abs(brightest - 546.07) < 0.5
    spectrometer.settings = {"shutter": "closed"}
    dark = spectrometer.perform_measurement()[:, 1]
    yield "SimulatedSpectrometer: is dark when closed", dark.max() < 50

    stage = load(folder, "SimulatedStageAxis")
    x, again, y = stage(axis="x"), stage(axis="x"), stage(axis="y")
    x.settings = {"speed": 1000.0}
    x.position = 5.0
    yield (
        "SimulatedStageAxis: axes share a controller and move on their own",
        (x.controller is y.controller and again.position == 5.0 and y.position == 0.0),
    )
    x.settings = {"speed": 50.0}
    begun = time.monotonic()
    x.position = 7.0
    yield "SimulatedStageAxis: a motion takes its time", time.monotonic() - begun >= 2 / 50
    x.settings = {"speed": 1000.0, "backlash": 0.2}
    x.position = 8.0
    lag = x.position
    x.position = 6.0
    yield "SimulatedStageAxis: lags by half the backlash", near(lag, 7.9) and near(x.position, 6.1)
    x.settings = {"approach_from_below": True}
    x.position = 4.0
    yield "SimulatedStageAxis: approach from below takes it out", near(x.position, 4.0)
    yield (
        "SimulatedStageAxis: stays within its limits",
        raises(ValueError, lambda: setattr(x, "position", 30.0)),
    )
    yield "SimulatedStageAxis: has no axis w", raises(ValueError, lambda: stage(axis="w"))


def sharing(folder):
    """Axes of one controller at one address."""
    cls = load(folder, "ESP301Axis")
    case = CASES["ESP301Axis"]
    Bus.instrument, Bus.opened = case.make(), 0
    one, two = cls("one", ADDRESS, 1), cls("two", ADDRESS, 2)
    yield (
        "ESP301Axis: two axes share one connection",
        (one.instrument is two.instrument and Bus.opened == 1),
    )
    one.connect()
    two.connect()
    one.position = 1.5
    yield "ESP301Axis: they move on their own", one.position == 1.5 and two.position == 0.0
    del one, two
    gc.collect()
    cls("three", ADDRESS, 3)
    yield "ESP301Axis: the connection is opened anew once no axis is left", Bus.opened == 2

    supply = load(folder, "KeysightE36312A")
    yield (
        "KeysightE36312A: stays within the channel's range",
        raises(ValueError, lambda: setattr(supply("supply", "", 1), "position", 7.0)),
    )
    Bus.instrument = CASES["StanfordDG645"].make()
    edge = load(folder, "StanfordDG645")("edge", ADDRESS, "C")
    Bus.instrument.state["DLAY 4"] = "2,+0.000000500000"
    yield "StanfordDG645: counts a delay from T0 through other edges", near(edge.position, 1.5e-6)


class Tap:
    """Test Anything Protocol on standard output."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def point(self, what, holds, detail=""):
        self.count += 1
        self.failed += not holds
        print(f"{'ok' if holds else 'not ok'} {self.count} - {what}")
        for line in detail.splitlines():
            print(f"# {line}")

    def run(self, prefix, claims):
        """Prints every claim; an exception is one that failed."""
        try:
            for what, holds in claims:
                self.point(prefix + what, bool(holds))
        except Exception:
            self.point(f"{prefix}runs", False, traceback.format_exc())


def main(folder, metadata=None):
    logging.disable(logging.CRITICAL)
    known = json.loads(pathlib.Path(metadata).read_text()) if metadata else {}
    names = sorted(path.stem for path in pathlib.Path(folder).glob("*.py"))
    tap = Tap()
    print("TAP version 14")
    tap.point("there is a case for each definition", names == sorted(CASES))
    for name in names:
        tap.run(f"{name}: ", checks(folder, name, known.get(name)))
    tap.run("", physics(folder))
    tap.run("", sharing(folder))
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
