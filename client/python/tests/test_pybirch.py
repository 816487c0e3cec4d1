"""PyBirch's own factory and instrument tree, with the service object as their database service.

The stand-in has their duck-typed calls: the factory under the names of drivers, the tree under those of definitions.
"""

import pickle
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from GUI.widgets.instrument_autoload import InstrumentAutoLoadWidget
from pybirch.Instruments.factory import InstrumentFactory

from fake_registry import FakeRegistry
from pybirch_registry import Registry
from sources import measurement

BUILT_IN = sorted((Path(__file__).parents[3] / "registry" / "builtin").glob("*.py"))


@pytest.fixture(autouse=True)
def fresh_factory() -> Iterator[None]:
    """As in a program that has just started."""
    before = set(vars(InstrumentFactory))
    yield
    InstrumentFactory.classes.clear()
    for name in set(vars(InstrumentFactory)) - before:
        delattr(InstrumentFactory, name)


def land_built_ins(server: FakeRegistry) -> list[str]:
    for file in BUILT_IN:
        source = file.read_text(encoding="utf-8")
        kind = "movement" if "MovementInstrument" in source else "measurement"
        fields = {"is_builtin": True, "is_public": True, "lab_id": None, "instrument_type": kind}
        server.land(file.stem, source, **fields)
    return [file.stem for file in BUILT_IN]


def test_the_factory_lists_and_creates_every_built_in(server: FakeRegistry, registry: Registry) -> None:
    names = land_built_ins(server)
    registry.sync(names)
    factory = InstrumentFactory(registry.service())
    drivers = factory.get_available_drivers()
    assert sorted(driver["name"] for driver in drivers) == sorted(names) and len(names) >= 20
    for driver in drivers:
        instrument = factory.create_instance(driver)
        assert instrument.name == driver["display_name"]
        assert instrument._definition["name"] == driver["name"]
        assert factory.create_class_from_driver(driver) is type(instrument)
        assert factory.get_driver_by_id(driver["id"]) == factory.get_driver_by_name_or_class(driver["name"])


def test_the_tree_shows_what_is_bound_here_and_what_is_public(server: FakeRegistry, registry: Registry) -> None:
    """Under the host name, though this computer is enrolled under another."""
    assert socket.gethostname() != registry.enrolment.computer_name
    server.land("Bound", measurement("Bound"))
    server.land("Ours", measurement("Ours"))
    server.land("Shared", measurement("Shared"), is_builtin=True, is_public=True, lab_id=None)
    server.bind(1, "Bound", "GPIB::1")
    registry.sync(["Shared"])
    every = InstrumentAutoLoadWidget(registry.service())
    assert [row[1] for row in every.rows] == ["Bound", "Ours", "Shared"] and every.failed == {}
    some = InstrumentAutoLoadWidget(registry.service(), filter_by_computer=True)
    assert [row[1] for row in some.rows] == ["Bound", "Shared"]
    assert some.open_settings("Bound") == {"gain": 1.0}
    selections = {name: made for _, name, made, _ in every.rows}
    assert pickle.loads(pickle.dumps(selections)) == selections


def test_a_new_version_is_in_the_tree_after_a_refresh_and_the_old_one_goes_on(
    server: FakeRegistry, registry: Registry
) -> None:
    server.land("Alpha", measurement("Alpha", 1))
    registry.sync()
    tree = InstrumentAutoLoadWidget(registry.service())
    old = tree.rows[0][2]("old")
    server.land("Alpha", measurement("Alpha", 2))
    registry.sync()
    tree.refresh()
    new = tree.rows[0][2]("new")
    assert [one.perform_measurement()[0][0] for one in (old, new)] == [1, 2]
    (update,) = [u for u in registry.updates() if u.instrument is old]
    reloaded = registry.reload(update.instrument)
    assert reloaded.perform_measurement()[0][0] == 2 and reloaded.name == "old"


def test_a_definition_that_does_not_load_is_left_out_and_hinders_no_other(
    server: FakeRegistry, registry: Registry
) -> None:
    server.land("Broken", "raise ValueError('broken')\n")
    server.land("Good", measurement("Good"))
    registry.sync()
    tree = InstrumentAutoLoadWidget(registry.service())
    assert [row[1] for row in tree.rows] == ["Good"] and "broken" in str(tree.failed["Broken"])
