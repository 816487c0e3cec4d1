"""Checks of details that only one definition has."""

import gc
import math
import time

from cases import CASES
from harness import ADDRESS, Bus, connected, load, near, raises
from instruments import Newport, Scripted


def physics(folder):
    """Checks the physics of the simulated instruments, and the connection that their axes share."""
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
        "SimulatedStageAxis: axes share a controller and move independently",
        (x.controller is y.controller and again.position == 5.0 and y.position == 0.0),
    )
    x.settings = {"speed": 50.0}
    begun = time.monotonic()
    x.position = 7.0
    yield "SimulatedStageAxis: a motion takes as long as its speed requires", time.monotonic() - begun >= 2 / 50
    x.settings = {"speed": 1000.0, "backlash": 0.2}
    x.position = 8.0
    lag = x.position
    x.position = 6.0
    yield "SimulatedStageAxis: is off by half the backlash", near(lag, 7.9) and near(x.position, 6.1)
    x.settings = {"approach_from_below": True}
    x.position = 4.0
    yield "SimulatedStageAxis: an approach from below removes the backlash", near(x.position, 4.0)
    yield (
        "SimulatedStageAxis: stays within its limits",
        raises(ValueError, lambda: setattr(x, "position", 30.0)),
    )
    yield "SimulatedStageAxis: has no axis w", raises(ValueError, lambda: stage(axis="w"))


def sharing(folder):
    """Checks that axes of one controller at one address share a connection."""
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
    yield "ESP301Axis: they move independently", one.position == 1.5 and two.position == 0.0
    del one, two
    gc.collect()
    cls("three", ADDRESS, 3)
    yield "ESP301Axis: a new axis opens a new connection once no axis is left", Bus.opened == 2


def details(folder):
    """Checks limits, timeouts that stop a motion, and units that depend on settings."""

    def moves(device, value):
        return lambda: setattr(device, "position", value)

    supply, instrument = connected(folder, "KeysightE36312A", timeout=0.01)
    yield "KeysightE36312A: stays within the channel's range", raises(ValueError, moves(supply, 26))
    instrument.answers["MEAS:VOLT? (@2)"] = "1.0"
    instrument.handle = lambda message: Scripted.handle(instrument, message)
    yield (
        "KeysightE36312A: times out if the current limit keeps the voltage down",
        raises(TimeoutError, moves(supply, 5.0)),
    )

    edge, instrument = connected(folder, "StanfordDG645")
    instrument.state["DLAY 4"] = "2,+0.000000500000"
    yield "StanfordDG645: counts a delay from T0 through other edges", near(edge.position, 1.5e-6)
    yield "StanfordDG645: has no delay of an hour", raises(ValueError, moves(edge, 3600.0))

    axis, instrument = connected(folder, "ESP301Axis", timeout=0.01)
    instrument.answers["2MD?"] = "0"
    instrument.handle = lambda message: (
        instrument.answers.get(message) or Newport.handle(instrument, message)
    )
    yield (
        "ESP301Axis: stops an endless motion",
        (raises(TimeoutError, moves(axis, 1.0)) and instrument.sent[-1] == "2ST"),
    )
    instrument.answers["TB?"] = "207, 1, AXIS-2 POSITION OUT OF LIMITS"
    yield "ESP301Axis: raises the controller's errors", raises(RuntimeError, moves(axis, 99.0))

    stage, instrument = connected(folder, "ThorlabsKDC101", timeout=0.01, home=True)
    yield "ThorlabsKDC101: homes if it has not yet", bool(instrument.bits & 0x400)
    yield "ThorlabsKDC101: stays within the stage's travel", raises(ValueError, moves(stage, 25.1))
    instrument.bits |= 0x10
    yield (
        "ThorlabsKDC101: stops an endless motion",
        (raises(TimeoutError, moves(stage, 1.0)) and instrument.sent[-1] == 0x0465),
    )

    scope, instrument = connected(folder, "RigolDS1054Z", timeout=0.01)
    instrument.answers[":TRIG:STAT?"] = "WAIT"
    instrument.handle = lambda message: Scripted.handle(instrument, message)
    instrument.commands |= {":SING", ":CHAN1:DISP ON"}
    yield (
        "RigolDS1054Z: stops waiting for a trigger",
        (raises(TimeoutError, scope.perform_measurement) and instrument.sent[-1] == ":STOP"),
    )

    loop, instrument = connected(folder, "LakeShore335Loop", timeout=0.01)
    yield (
        "LakeShore335Loop: starts at the present temperature",
        (instrument.state["SETP 2"] == "77.35"),
    )
    yield (
        "LakeShore335Loop: stops waiting for a temperature",
        raises(TimeoutError, moves(loop, 4.2)),
    )

    lock_in, instrument = connected(folder, "SR830")
    lock_in.settings = {"input": "I 1 MOhm"}
    units = lock_in.data_units.tolist()
    yield "SR830: a current has the unit A", units == ["A", "A", "A", "deg", "Hz"]
    lock_in.settings = {"reference": "external"}
    lock_in.settings = {"frequency": 17.0}
    yield "SR830: does not send a frequency while the reference is external", "FREQ 17.0" not in instrument.sent

    meter, _ = connected(folder, "Keithley2000", function="resistance")
    yield (
        "Keithley2000: a resistance has the unit Ohm",
        meter.columns().tolist() == ["reading (Ohm)"],
    )
