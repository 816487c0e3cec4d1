"""Tests bindings, settings, pins and updates, and PyBirch's own factory."""

import logging
import os
import sys
import types
from typing import Any

import numpy as np
import pytest

from fake_registry import FakeRegistry
from pybirch_registry import Registry, RegistryError, UnknownDefinitionError, get_computer_info, instances
from pybirch_registry.bindings import plain
from pybirch_registry.factory import complete_factory
from pybirch_registry.files import read_json
from pybirch_registry.home import Home
from pybirch_registry.ids import to_pybirch
from sources import measurement

VISA = """from pybirch.Instruments.base import VisaBaseMeasurementInstrument

class Visa(VisaBaseMeasurementInstrument):
    def __init__(self, name="Visa", adapter=""):
        super().__init__(name, adapter)
        self._define_settings({"sensitivity": 1e-6})
    def _create_instrument(self, adapter):
        self.instrument = f"session at {adapter}"
    def _perform_measurement_impl(self):
        return np.array([[1.0]])
"""


def test_bound_instruments_are_created_with_adapter_and_last_settings(server: FakeRegistry, registry: Registry) -> None:
    server.land("Visa", VISA)
    server.bind(42, "Visa", "GPIB::8::INSTR", last_settings={"sensitivity": 2e-6})
    registry.sync()
    (found,) = registry.discover()
    instrument = found.create()
    assert instrument.name == "Main Visa" and instrument.adapter == "GPIB::8::INSTR"
    assert instrument.instrument == "session at GPIB::8::INSTR"
    assert instrument.settings == {"sensitivity": 2e-6}


def test_settings_that_a_device_rejects_are_logged(
    server: FakeRegistry, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    source = measurement("Off") + "\n    settings = property(lambda s: {}, lambda s, v: s.instrument.write(v))\n"
    server.land("Off", source)
    server.bind(1, "Off", "X", last_settings={"gain": 2})
    registry.sync()
    assert registry.discover()[0].create().adapter == "X"
    assert "did not accept its last settings" in caplog.text


def test_settings_and_bindings_survive_being_offline_and_the_newest_win(
    server: FakeRegistry, registry: Registry, home: Home
) -> None:
    server.land("Visa", VISA)
    server.bind(42, "Visa", "GPIB::8::INSTR")
    registry.sync()
    instrument = registry.discover()[0].create()
    server.down = True
    for value in (1e-3, 2e-3):
        instrument.settings = {"sensitivity": value}
        registry.save_settings(instrument)
    registry.bind(instrument, adapter="GPIB::9::INSTR")
    later = Registry.open(home.root)
    (found,) = later.discover()
    assert (found.adapter, found.last_settings) == ("GPIB::9::INSTR", {"sensitivity": 2e-3})
    server.down = False
    report = later.sync()
    assert (report.sent, report.waiting) == (1, 0)
    binding = server.bindings[0]
    assert (binding["adapter"], binding["adapter_type"]) == ("GPIB::9::INSTR", "GPIB")
    assert binding["last_settings"] == {"sensitivity": 2e-3}


def test_binding_an_unknown_object_adds_one_instrument(server: FakeRegistry, registry: Registry, home: Home) -> None:
    server.land("Visa", VISA)
    registry.sync()
    instrument = registry.create("Visa")
    server.down = True
    registry.bind(instrument, adapter="USB0::1::INSTR")
    (found,) = Registry.open(home.root).discover()
    assert (found.definition, found.adapter) == ("Visa", "USB0::1::INSTR")
    server.down = False
    registry.bind(instrument, adapter="USB0::2::INSTR")
    registry.save_settings(instrument)
    assert len(server.bindings) == 1
    assert server.bindings[0]["last_settings"] == {"sensitivity": 1e-6}
    assert [f.adapter for f in registry.discover()] == ["USB0::2::INSTR"]


def test_a_refused_binding_does_not_block_the_others(server: FakeRegistry, registry: Registry) -> None:
    server.land("Visa", VISA)
    server.bind(42, "Visa")
    registry.sync()
    server.down = True
    registry.bind(7, adapter="GPIB::1")
    registry.bind(42, adapter="GPIB::2")
    server.down = False
    report = registry.sync()
    assert server.bindings[0]["adapter"] == "GPIB::2" and report.waiting == 0
    assert any("refuses the binding of instrument 7" in text for text in report.warnings)


def test_binding_an_unknown_id_is_an_error_at_once(server: FakeRegistry, registry: Registry) -> None:
    with pytest.raises(RegistryError, match=r"refuses the binding of instrument 99: Not Found"):
        registry.bind(99, adapter="GPIB::1")
    assert registry.waiting() == 0 and registry.discover() == []


def test_reload_gives_the_new_version_with_the_settings(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha", 1))
    registry.sync()
    old = registry.create("Alpha", adapter="X", name="mine")
    old.settings = {"gain": 5.0}
    server.land("Alpha", measurement("Alpha", 2))
    registry.sync()
    (update,) = [u for u in registry.updates() if u.instrument is old]
    assert (update.instrument, update.loaded, update.newest) == (old, 1, 2)
    new = registry.reload(old)
    assert new.perform_measurement()[0][0] == 10 and (new.name, new.adapter) == ("mine", "X")
    assert all(u.instrument not in (old, new) for u in registry.updates()) and old.status is False


def test_if_the_new_version_does_not_load_the_old_instrument_stays(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha"))
    registry.sync()
    old = registry.create("Alpha")
    server.land("Alpha", "raise ValueError('broken')\n")
    registry.sync()
    with pytest.raises(ValueError, match="broken"):
        registry.reload(old)
    assert old.status is True and old.perform_measurement()[0][0] == 1


def test_if_the_new_instrument_cannot_be_created_the_old_object_is_opened_again(
    server: FakeRegistry, registry: Registry
) -> None:
    server.land("Visa", VISA)
    registry.sync()
    old = registry.create("Visa", adapter="GPIB::8::INSTR", name="mine")
    assert old.connect()
    old.settings = {"sensitivity": 5e-6}
    server.land("Visa", VISA.replace("super().__init__(name, adapter)", "raise OSError('no such device')"))
    registry.sync()
    with pytest.raises(OSError, match="no such device"):
        registry.reload(old)
    assert (old.instrument, old.status) == ("session at GPIB::8::INSTR", True)
    assert (old.name, old.settings) == ("mine", {"sensitivity": 5e-6})
    (update,) = [u for u in registry.updates() if u.instrument is old]
    assert (update.loaded, update.newest) == (1, 2)


def test_an_instrument_whose_device_does_not_answer_can_be_reloaded(server: FakeRegistry, registry: Registry) -> None:
    broken = VISA + "    def _shutdown_impl(self):\n        raise OSError('timeout')\n"
    server.land("Visa", broken)
    registry.sync()
    old = registry.create("Visa", adapter="GPIB::8::INSTR")
    server.land("Visa", VISA)
    registry.sync()
    new = registry.reload(old)
    assert new._definition["version"] == 2 and new.instrument == "session at GPIB::8::INSTR"
    assert old.instrument is None


def test_an_instrument_at_an_explicit_version_stays_there(server: FakeRegistry, registry: Registry) -> None:
    for value in (1, 2):
        server.land("Alpha", measurement("Alpha", value))
    registry.sync()
    chosen = registry.create("Alpha", version=1)
    assert all(update.instrument is not chosen for update in registry.updates())
    assert registry.reload(chosen)._definition["version"] == 2


def test_pins_are_followed_until_they_are_removed(server: FakeRegistry, registry: Registry) -> None:
    for value in (1, 2):
        server.land("Alpha", measurement("Alpha", value))
    registry.sync()
    registry.pin("Alpha", 1)
    assert registry.create("Alpha")._definition["version"] == 1
    assert registry.unpin("Alpha") and registry.create("Alpha")._definition["version"] == 2


def test_the_lab_s_definition_replaces_a_file_and_a_public_one_does_not(
    server: FakeRegistry, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    server.land("Ours", measurement("Ours"))
    server.land("Theirs", measurement("Theirs"), is_builtin=True, lab_id=None)
    registry.sync(["Theirs"])

    class FromFile:
        pass

    chosen = registry.choose({"Ours": FromFile, "Theirs": FromFile, "Other": FromFile})
    assert chosen["Ours"] is registry.load("Ours")
    assert chosen["Theirs"] is chosen["Other"] is FromFile
    assert "Ours: the registry's definition is used instead of the file" in caplog.text


def test_a_definition_that_does_not_load_does_not_affect_other_classes(
    server: FakeRegistry, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    server.land("Broken", "raise ValueError('broken')\n")
    server.land("Good", measurement("Good"))
    registry.sync()
    assert list(registry.choose({})) == ["Good"] and "Broken is left out: broken" in caplog.text
    with pytest.raises(ValueError, match="broken"):
        registry.choose({"Broken": Registry})


def test_an_unknown_name_says_what_to_do(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="pybirch-registry sync Nothing"):
        registry.create("Nothing")


def test_asking_for_a_version_of_an_unknown_name_leaves_no_files(server: FakeRegistry, registry: Registry) -> None:
    for call in (registry.pin, registry.create):
        with pytest.raises(UnknownDefinitionError, match="pybirch-registry sync Typo"):
            call("Typo", version=2)
    assert not (registry.home.root / "repos").exists()
    server.land("SR830", measurement("SR830"), is_builtin=True, is_public=True, lab_id=None)
    assert registry.create("SR830", version=1)._definition["version"] == 1


def test_a_built_in_definition_is_fetched_when_it_is_created(server: FakeRegistry, registry: Registry) -> None:
    server.land("SR830", measurement("SR830"), is_builtin=True, is_public=True, lab_id=None)
    registry.sync()
    assert registry.create("SR830").name == "The SR830"
    assert registry.sync().stayed == ["SR830 v1"]


def test_a_restarted_program_binds_no_second_instrument(server: FakeRegistry, home: Home) -> None:
    """The program creates two stages of the same kind at one controller, with different names, and a lock-in
    without a name.
    """
    server.land("Visa", VISA)
    Registry.open(home.root).sync()
    for _ in range(2):
        registry = Registry.open(home.root)
        made = [registry.create("Visa", adapter="ASRL1", name=name) for name in ("x", "y")]
        made.append(registry.create("Visa", adapter="GPIB::8"))
        for instrument in made:
            registry.bind(instrument, adapter=instrument.adapter)
            registry.save_settings(instrument)
        for instrument in made:
            instances.forget(instrument)  # its program has ended
    assert sorted((b["instrument"]["name"], b["adapter"]) for b in server.bindings) == [
        ("The Visa", "GPIB::8"),
        ("x", "ASRL1"),
        ("y", "ASRL1"),
    ]
    server.bindings[2]["instrument"]["name"] = "Renamed in the registry"
    registry.sync()
    nameless = [registry.create("Visa", adapter="GPIB::8") for _ in range(2)]
    for instrument in nameless:
        registry.bind(instrument, adapter="GPIB::8")
    assert len(server.bindings) == 4, "the first stage is not bound a second time"


def test_settings_of_an_unbound_instrument_are_sent_with_its_address(server: FakeRegistry, registry: Registry) -> None:
    server.land("Visa", VISA)
    registry.sync()
    for _ in range(2):
        instrument = registry.create("Visa", adapter="GPIB::8")
        registry.save_settings(instrument)
        instances.forget(instrument)
    (found,) = registry.discover()
    assert (found.adapter, found.last_settings) == ("GPIB::8", {"sensitivity": 1e-6})


def test_an_instrument_that_the_registry_pins_stays_there_through_a_reload(
    server: FakeRegistry, registry: Registry
) -> None:
    for value in (1, 2, 3):
        server.land("Alpha", measurement("Alpha", value))
    server.bind(1, "Alpha", "A", instrument={"pinned_version": 1, "definition": {"name": "Alpha", "version": 1}})
    server.bind(2, "Alpha", "B")
    registry.sync()
    pinned, free = [found.create() for found in registry.discover()]
    assert [one._definition["version"] for one in (pinned, free)] == [1, 3] and registry.updates() == []
    pinned = registry.reload(pinned)
    assert pinned._definition["version"] == 1
    server.bindings[0]["instrument"] |= {"pinned_version": 2, "definition": {"name": "Alpha", "version": 2}}
    registry.sync()
    (update,) = registry.updates()
    assert (update.instrument, update.loaded, update.newest) == (pinned, 1, 2)
    assert registry.reload(pinned)._definition["version"] == 2


def test_instruments_from_pybirch_s_factory_are_reported_as_loaded(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha"))
    registry.sync()
    instrument = run_stub(registry.service().get_drivers()[0])()
    assert read_json(registry.home.running / f"{os.getpid()}.json") == {"Alpha": instrument._definition["version"]}


def test_converting_settings_runs_no_code_of_a_definition() -> None:
    class Sly:
        tolist = print

    given = {"a": np.float64(1.5), "b": np.array([[1, 2]]), 3: (True, None), "d": float("nan"), "e": np.bool_(True)}
    assert plain(given) == {"a": 1.5, "b": [[1, 2]], "3": [True, None], "d": "nan", "e": True}
    assert plain(Sly()).startswith("<")


@pytest.mark.parametrize("name", ["../Alpha", "a:b", "a/b", "", "Alpha.py"])
def test_an_invalid_name_is_refused_without_a_request(server: FakeRegistry, registry: Registry, name: str) -> None:
    for version in (3, None):
        with pytest.raises(UnknownDefinitionError, match="not a definition's name"):
            registry.create(name, version=version)
    assert server.requests == [] and not (registry.home.root / "repos").exists()


def test_the_command_binds_one_instrument_of_a_definition_once(server: FakeRegistry, registry: Registry) -> None:
    server.land("Visa", VISA)
    registry.sync()
    for number in (1, 2):
        registry.bind_by_name("Visa", f"GPIB::{number}")
    assert [b["adapter"] for b in server.bindings] == ["GPIB::2"]
    server.bind(7, "Visa", "GPIB::7")
    registry.sync()
    with pytest.raises(RegistryError, match=r"Give the name or number of one: .* \(1000\), .* \(7\)"):
        registry.bind_by_name("Visa", "GPIB::3")


def test_the_computer_s_id_comes_from_the_enrolment(home: Home) -> None:
    info = get_computer_info()
    assert (info["computer_name"], info["computer_id"]) == ("LABPC-01", "123456")
    assert info.keys() == {"computer_name", "computer_id", "username", "os"}


# ---------------------------------------------------------------- PyBirch's own factory


def run_stub(driver: dict[str, Any]) -> Any:
    """Does what PyBirch's factory does with a driver: runs its source in a new namespace and takes the class by
    name.
    """
    namespace: dict[str, Any] = {"__builtins__": __builtins__}
    exec(driver["source_code"], namespace)
    return namespace[driver["name"]]


def test_the_stub_s_class_opens_when_the_adapter_is_assigned(server: FakeRegistry, registry: Registry) -> None:
    server.land("Visa", VISA)
    registry.sync()
    driver = registry.service().get_driver_by_name("Visa")
    assert driver is not None
    cls = run_stub(driver)
    instance = cls(name="Shown")
    assert instance.instrument is None
    instance.settings = {"sensitivity": 5e-6}
    instance.adapter = "GPIB::8::INSTR"
    assert instance.instrument == "session at GPIB::8::INSTR"
    assert (instance.name, instance.settings) == ("Shown", {"sensitivity": 5e-6})
    assert instance.serialize()["definition"]["version"] == 1
    assert any(one is instance for one in registry.instruments())
    import inspect
    import pickle

    assert pickle.loads(pickle.dumps(cls)) is cls and cls is run_stub(driver)
    assert inspect.getsource(cls).startswith("class Visa(")


def test_a_placeholder_opens_nothing(server: FakeRegistry, registry: Registry) -> None:
    server.land("Visa", VISA)
    registry.sync()
    cls = run_stub(registry.service().get_drivers()[0])
    instance = cls("n")
    instance.deserialize({"adapter": "", "settings": {}})
    assert instance.adapter == "placeholder" and instance.instrument is None


def test_the_service_has_both_sets_of_method_names(server: FakeRegistry, registry: Registry) -> None:
    server.land("Visa", VISA, category="Lock-In Amplifiers")
    server.land("Alpha", measurement("Alpha"), instrument_type="movement")
    server.bind(42, "Visa", "GPIB::8::INSTR")
    registry.sync()
    service = registry.service()
    assert [d["name"] for d in service.get_drivers()] == ["Alpha", "Visa"]
    assert [d["name"] for d in service.get_instrument_definitions(category="Lock-In Amplifiers")] == ["Visa"]
    assert [d["name"] for d in service.get_drivers(search="alp")] == ["Alpha"]
    number = to_pybirch(server.definitions["Visa"]["id"])
    assert service.get_driver_ids_for_computer("labpc-01") == [number]
    assert service.get_driver_ids_for_computer("OTHER") == []
    (binding,) = service.get_computer_bindings("LABPC-01")
    assert binding["instrument"]["definition"]["name"] == "Visa" and binding["instrument_id"] == to_pybirch(42)
    bound = service.bind_instrument_to_computer(to_pybirch(42), "LABPC-01", adapter="GPIB::9::INSTR")
    assert bound["adapter"] == "GPIB::9::INSTR"
    updated = service.update_computer_binding_settings(to_pybirch(142), {"sensitivity": 3e-6})
    assert updated is not None and server.bindings[0]["last_settings"] == {"sensitivity": 3e-6}
    (version,) = service.get_driver_versions(number)
    assert (version["version"], version["change_summary"]) == (1, "Change 1\n\nWhy it was made.")
    (instrument,) = service.get_instruments_by_driver(number)
    assert instrument["computer_bindings"][0]["adapter"] == "GPIB::9::INSTR"
    with pytest.raises(ValueError, match="not this computer"):
        service.bind_instrument_to_computer(to_pybirch(42), "OTHER", adapter="X")


def test_a_factory_gets_the_method_names_that_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    class InstrumentFactory:
        def get_available_drivers(self) -> list[str]:
            return ["here"]

        @classmethod
        def create_class_from_driver(cls, driver: Any) -> type:
            return cls

    module = types.ModuleType("pybirch.Instruments.factory")
    module.InstrumentFactory = InstrumentFactory  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pybirch.Instruments.factory", module)
    complete_factory()
    factory: Any = InstrumentFactory()
    assert factory.get_available_definitions() == ["here"]
    assert factory.create_class_from_definition({}) is InstrumentFactory


def test_logging_of_the_package_needs_no_set_up() -> None:
    assert logging.getLogger("pybirch_registry").handlers == []
