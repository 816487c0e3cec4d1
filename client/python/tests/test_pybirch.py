"""PyBirch's own factory and instrument tree use the service object as their database service.

The stand-in makes the same calls as PyBirch. The factory of the stand-in uses the names with `driver`, and its tree the
names with `definition`.
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
from pybirch_registry.pybirch import switch_on
from sources import measurement

BUILT_IN = sorted((Path(__file__).parents[3] / "registry" / "builtin").glob("*/*.py"))


@pytest.fixture(autouse=True)
def fresh_factory() -> Iterator[None]:
    """Clears PyBirch's caches, as in a program that has just started."""
    classes = (InstrumentFactory, InstrumentAutoLoadWidget)
    before = [set(vars(cls)) for cls in classes]
    yield
    InstrumentFactory.classes.clear()
    for cls, names in zip(classes, before, strict=True):
        for name in set(vars(cls)) - names:
            delattr(cls, name)


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
    """PyBirch asks for instruments by the host name, although this computer has another name in its enrolment."""
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


def test_a_new_version_is_in_the_tree_after_a_refresh_and_the_old_one_keeps_running(
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


def test_a_definition_that_does_not_load_is_left_out(server: FakeRegistry, registry: Registry) -> None:
    server.land("Broken", "raise ValueError('broken')\n")
    server.land("Good", measurement("Good"))
    registry.sync()
    tree = InstrumentAutoLoadWidget(registry.service())
    assert [row[1] for row in tree.rows] == ["Good"] and "broken" in str(tree.failed["Broken"])


class Database:
    """PyBirch's own database with one driver. A definition of the registry has the same id."""

    def get_drivers(self, *filters: object) -> list[dict[str, object]]:
        source = "class Theirs:\n    pass\n"
        return [{"id": 1, "name": "Theirs", "display_name": "Theirs", "version": 1, "source_code": source}]

    def get_driver_ids_for_computer(self, *asked: object) -> list[int]:
        return [1]


@pytest.mark.parametrize("before", [False, True])
def test_after_switch_on_pybirch_lists_the_registry_s_instruments(
    server: FakeRegistry, registry: Registry, before: bool
) -> None:
    """PyBirch shows the registry's instruments without changes, even in windows that are already open."""
    server.land("Ours", measurement("Ours"))
    server.bind(1, "Ours", "GPIB::1")
    registry.sync()
    trees = [] if before else [InstrumentAutoLoadWidget(None), InstrumentAutoLoadWidget(None, True)]
    switch_on(registry)
    trees = trees or [InstrumentAutoLoadWidget(None), InstrumentAutoLoadWidget(None, True)]
    for tree in trees:
        for given in (None, Database(), None, Database(), registry.service(), None):
            tree.set_database_service(given)
            names = [row[1] for row in tree.rows]
            assert names == (["Ours", "Theirs"] if isinstance(given, Database) else ["Ours"])
            ours, *theirs = (row[2] for row in tree.rows)
            assert ours().perform_measurement()[0][0] == 1 and [one.__name__ for one in theirs] == names[1:]


def test_the_last_registry_that_is_switched_on_is_used(server: FakeRegistry, registry: Registry) -> None:
    server.land("Ours", measurement("Ours"))
    switch_on(registry)
    tree = InstrumentAutoLoadWidget(None)
    assert tree.rows == []
    again = Registry.open(registry.home.root)
    again.sync()
    switch_on(again)
    tree.refresh()
    assert [row[1] for row in tree.rows] == ["Ours"]
