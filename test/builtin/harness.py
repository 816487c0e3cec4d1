"""Shared parts of the checks: a bus with one scripted instrument, a loader of definitions, and TAP
output.
"""

import gc
import importlib.util
import math
import pathlib
import traceback

import pyvisa
from cases import CASES
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError

ADDRESS = "GPIB0::8::INSTR"


class Bus:
    """Replaces pyvisa's resource manager; there is one instrument at one address."""

    instrument = None
    opened = 0

    def open_resource(self, address):
        if address != ADDRESS or Bus.instrument is None:
            raise VisaIOError(StatusCode.error_resource_not_found)
        Bus.opened += 1
        return Bus.instrument


pyvisa.ResourceManager = Bus


class Silent:
    """An instrument that is switched off. Every call times out."""

    def __getattr__(self, name):
        def time_out(*arguments):
            raise VisaIOError(StatusCode.error_timeout)

        return time_out


def load(folder, name):
    """Executes a definition's module again and returns its class."""
    path = pathlib.Path(folder, name, f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def near(one, other):
    """Whether two values are equal. Numbers may differ by an instrument's rounding."""
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
    """Connects an instance of the definition to an instrument. First deletes instances from earlier checks by garbage
    collection.
    """
    gc.collect()
    Bus.instrument = instrument
    if case.make is None:
        return cls()
    return cls("under test", ADDRESS, *case.arguments)


def connected(folder, name, **settings):
    """Returns a connected and initialised definition, and its instrument."""
    case = CASES[name]
    instrument = case.make()
    device = attach(load(folder, name), case, instrument)
    device.settings = {**case.fast, **settings}
    device.connect()
    device.initialize()
    return device, instrument


class Tap:
    """Writes the Test Anything Protocol to standard output."""

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
        """Prints every claim. An exception counts as a failed claim."""
        try:
            for what, holds in claims:
                self.point(prefix + what, bool(holds))
        except Exception:
            self.point(f"{prefix}runs", False, traceback.format_exc())
