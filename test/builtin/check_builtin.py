"""Runs every built-in definition against scripted instruments, and prints TAP. The definitions' own recordings and
simulators test their exchange with the instrument (client/python/tests/test_builtins.py).

python check_builtin.py DEFINITIONS [METADATA]

DEFINITIONS is the folder of the definitions. METADATA is a JSON file with the metadata that the
registry reads from them (name -> metadata). The base classes come from the pybirch package that
Python finds on its path.
"""

import json
import logging
import pathlib
import sys

from cases import CASES
from details import details, physics, sharing
from harness import ADDRESS, Bus, Silent, Tap, attach, load, near, raises, same


def checks(folder, name, metadata):
    """Yields pairs for one definition: a claim, and whether it is true."""
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
        yield from forms(cls, case, moves)
        if hasattr(case.make(), "hold"):
            yield "raises if the instrument keeps its old settings", stubborn(cls, case)


def connection(cls, case):
    """Checks that the definition accepts only the right instrument."""
    Bus.instrument = None
    yield "does not connect if the address cannot be opened", cls("x", ADDRESS).connect() is False
    yield "does not connect to an instrument that does not answer", attach(cls, case, Silent()).connect() is False
    stranger = attach(cls, case, case.make("ACME,TOASTER,1,1"))
    yield "does not connect to another instrument", stranger.connect() is False
    sent = len(Bus.instrument.sent)
    stranger.shutdown()
    yield "sends nothing to another instrument", len(Bus.instrument.sent) == sent


def forms(cls, case, moves):
    """Checks what the definition's recordings do not: refused values, tables and files."""
    device = attach(cls, case, case.make())
    device.settings = case.fast
    device.connect()
    device.initialize()
    if case.bad:
        refused = raises(ValueError, lambda: setattr(device, "settings", case.bad))
        yield "refuses a value that the instrument does not have", refused
    if moves:
        yield "shows its position with a unit", device.position_df().shape == (1, 1)
    else:
        shape = (case.rows, len(device.data_columns))
        yield "makes a table", device.measurement_df().shape == shape
        yield "has a unit for each column", len(device.data_units) == len(device.data_columns)
    saved = device.serialize()
    yield "can be saved as JSON", json.loads(json.dumps(saved))["settings"] == saved["settings"]


def stubborn(cls, case):
    """Tells whether the definition raises if the instrument ignores a setting."""
    instrument = case.make()
    device = attach(cls, case, instrument)
    device.connect()
    instrument.hold = lambda key, value: None
    return raises(ValueError, lambda: setattr(device, "settings", case.changes))


def simulated(device, case, moves):
    """Checks a simulated instrument: it always connects, accepts settings, measures or moves, and
    shuts down.
    """
    yield "connects", device.connect() is True
    device.initialize()
    device.settings = case.changes
    yield "accepts other settings", same(device.settings, case.changes)
    if moves:
        device.position = case.value
        yield "moves to the given position", near(device.position, case.value)
    else:
        shape = (case.rows, len(device.data_columns))
        yield "measures rows with a value for each column", device.measurement_df().shape == shape
    device.shutdown()


def main(folder, metadata=None):
    logging.disable(logging.CRITICAL)
    known = json.loads(pathlib.Path(metadata).read_text()) if metadata else {}
    names = sorted(path.stem for path in pathlib.Path(folder).glob("*/*.py"))
    tap = Tap()
    print("TAP version 14")
    tap.point("there is a case for each definition", names == sorted(CASES))
    for name in names:
        tap.run(f"{name}: ", checks(folder, name, known.get(name)))
    tap.run("", physics(folder))
    tap.run("", sharing(folder))
    tap.run("", details(folder))
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
