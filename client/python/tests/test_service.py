"""The service object in PyBirch, together with PyBirch's own database. The ids of both the database and the
registry begin at 1.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from fake_registry import FakeRegistry
from pybirch_registry import Registry
from pybirch_registry.ids import FREE, IDS, is_ours, to_pybirch, to_registry
from sources import measurement


class Database:
    """The parts of PyBirch's `DatabaseService` that these tests need: drivers and instruments with small ids,
    and samples.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.drivers = [self._driver(1, "Theirs"), self._driver(2, "Shared"), self._driver(3, "Mine")]
        self.instruments = [{"id": 1, "name": "Their stage", "driver_id": 1, "model": None, "status": "available"}]
        self.bindings = [{"id": 1, "instrument_id": 1, "computer_name": "PC-A", "adapter": "GPIB::1"}]

    @staticmethod
    def _driver(number: int, name: str) -> dict[str, Any]:
        return {"id": number, "name": name, "display_name": name, "version": 1, "source_code": f"class {name}: pass"}

    def get_samples_simple_list(self) -> list[dict[str, Any]]:
        return [{"id": 1, "display": "Wafer 7"}]

    def create_driver_issue(self, data: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(("issue", data))
        return data

    def update_driver(self, driver_id: int, data: dict[str, Any], change_summary: str | None = None) -> dict[str, Any]:
        self.asked.append(("update", driver_id))
        return {"id": driver_id, **data}

    def save_points(self, scan_id: int, values: dict[str, float]) -> float:
        return values["frequency"]

    def get_drivers(self, *filters: Any) -> list[dict[str, Any]]:
        return list(self.drivers)

    def get_driver(self, driver_id: int) -> dict[str, Any] | None:
        return next((d for d in self.drivers if d["id"] == driver_id), None)

    def get_driver_by_name(self, name: str) -> dict[str, Any] | None:
        return next((d for d in self.drivers if d["name"] == name), None)

    def get_driver_versions(self, driver_id: int) -> list[dict[str, Any]]:
        return [{"id": 1, "driver_id": driver_id, "version": 1}]

    def get_driver_ids_for_computer(self, computer_name: str, include_public: bool = True) -> list[int]:
        return [1] if computer_name == "PC-A" else []

    def get_instruments_by_driver(self, driver_id: int, include_bindings: bool = True) -> list[dict[str, Any]]:
        return [i for i in self.instruments if i["driver_id"] == driver_id]

    def get_instruments_list(self, *filters: Any) -> tuple[list[dict[str, Any]], int]:
        return self.instruments[: filters[-1]], len(self.instruments)

    def get_instruments_without_driver(self) -> list[dict[str, Any]]:
        return []

    def get_instruments_simple_list(self) -> list[dict[str, Any]]:
        return [{"id": 1, "name": "Their stage", "model": None, "display": "Their stage"}]

    def get_instrument(self, instrument_id: int) -> dict[str, Any] | None:
        return next((i for i in self.instruments if i["id"] == instrument_id), None)

    def get_instrument_by_name(self, name: str) -> dict[str, Any] | None:
        return next((i for i in self.instruments if i["name"] == name), None)

    def get_computer_bindings(self, computer_name: str | None, instrument_id: int | None) -> list[dict[str, Any]]:
        return [b for b in self.bindings if instrument_id in (None, b["instrument_id"])]

    def get_computer_binding(self, binding_id: int) -> dict[str, Any] | None:
        return next((b for b in self.bindings if b["id"] == binding_id), None)

    def update_computer_binding(self, binding_id: int, data: dict[str, Any]) -> dict[str, Any]:
        return {"id": binding_id, **data}

    def update_computer_binding_settings(self, binding_id: int, settings: dict[str, Any]) -> dict[str, Any]:
        return {"id": binding_id, "last_settings": settings}

    def delete_computer_binding(self, binding_id: int) -> bool:
        return self.get_computer_binding(binding_id) is not None

    def bind_instrument_to_computer(self, instrument_id: int, computer_name: str, *rest: Any) -> dict[str, Any]:
        return {"id": 9, "instrument_id": instrument_id, "computer_name": computer_name, "adapter": rest[2]}

    def get_computer(self, computer_name: str) -> dict[str, Any] | None:
        return {"id": 1, "computer_name": computer_name} if computer_name == "PC-A" else None

    def get_computer_by_id(self, computer_id: int) -> dict[str, Any] | None:
        return {"id": 1, "computer_name": "PC-A"} if computer_id == 1 else None


@pytest.fixture
def lab(server: FakeRegistry, registry: Registry) -> FakeRegistry:
    """Definitions 1 to 3 have the same ids as in PyBirch's database. Instrument 1 is bound here, instrument 2
    is not.
    """
    server.land("Ours", measurement("Ours"), default_settings={"id": 7, "gain": 1.0})
    server.land("Shared", measurement("Shared"), is_builtin=True, is_public=True, lab_id=None)
    server.land("Mine", measurement("Mine"))
    spare = {"id": 2, "name": "Spare", "lab_id": 1, "definition_id": 1, "pybirch_class": "Ours", "location": "Room 4"}
    server.instruments.append({**spare, "definition": {"id": 1, "name": "Ours"}, "specifications": {"driver_id": 3}})
    server.bind(1, "Ours", "GPIB::8::INSTR", last_settings={"id": 3})
    registry.sync(["Shared"])
    return server


@pytest.fixture(params=["switched off", "switched on"])
def database(request: pytest.FixtureRequest) -> Database | None:
    return Database() if request.param == "switched on" else None


def ids_in(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from ids_in(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key in IDS and one is not None:
                yield key, one
            elif key not in FREE:
                yield from ids_in(one)


def test_ids_of_the_registry_and_of_pybirch_s_database_never_overlap(lab: FakeRegistry, registry: Registry) -> None:
    """PyBirch stores classes and selections by id. If two classes had the same id, PyBirch would mix them up."""
    service = registry.service()
    driver, instrument, binding = service.get_drivers()[0]["id"], to_pybirch(1), to_pybirch(101)
    answers = [service.get_drivers(), service.get_driver(driver), service.get_driver_by_name("Ours")]
    answers += [service.get_driver_versions(driver), service.get_instruments_by_driver(to_pybirch(1))]
    answers += [service.get_instruments_list(), service.get_instruments_simple_list(), service.get_computer("LABPC-01")]
    answers += [service.get_instrument(instrument), service.get_computer_bindings()]
    answers += [service.get_computer_binding(binding), service.update_computer_binding_settings(binding, {"id": 1})]
    answers += [service.update_computer_binding(binding, {"adapter": "GPIB::9"})]
    answers += [service.bind_instrument_to_computer(to_pybirch(2), "LABPC-01")]
    found = [pair for answer in answers for pair in ids_in(answer)]
    assert len(found) > 40 and {key for key, _ in found} >= {"id", "lab_id", "driver_id", "instrument_id"}
    assert [pair for pair in found if not is_ours(pair[1])] == []
    assert all(0 <= number < 2**31 for _, number in found)
    assert all(is_ours(number) for number in service.get_driver_ids_for_computer("LABPC-01"))


def test_numbers_in_fields_of_definitions_and_people_stay(lab: FakeRegistry, registry: Registry) -> None:
    service = registry.service()
    driver = service.get_driver_by_name("Ours")
    spare = service.get_instrument(to_pybirch(2))
    assert driver is not None and driver["default_settings"] == {"id": 7, "gain": 1.0}
    assert spare is not None and spare["specifications"] == {"driver_id": 3}
    assert service.get_computer_bindings()[0]["last_settings"] == {"id": 3}


def test_every_id_can_be_used_to_find_its_object(
    lab: FakeRegistry, registry: Registry, database: Database | None
) -> None:
    service = registry.service(database)
    for driver in service.get_drivers():
        assert service.get_driver(driver["id"]) == driver
        assert service.get_driver_versions(driver["id"])[0].get("driver_id") == driver["id"]
        for instrument in service.get_instruments_by_driver(driver["id"], include_bindings=False):
            assert instrument["driver_id"] == driver["id"]
    instruments, total = service.get_instruments_list(per_page=50)
    assert len(instruments) == total == (3 if database else 2)
    for instrument in instruments:
        known = service.get_instrument(instrument["id"])
        assert known is not None and known["name"] == instrument["name"]
    for binding in service.get_computer_bindings():
        again = service.get_computer_binding(binding["id"])
        assert again is not None and again["instrument_id"] == binding["instrument_id"]
        assert [b["id"] for b in service.get_computer_bindings(instrument_id=binding["instrument_id"])] == [
            binding["id"]
        ]


def test_equal_small_ids_are_not_mixed_up(lab: FakeRegistry, registry: Registry) -> None:
    service = registry.service(Database())
    named = {driver["name"]: driver for driver in service.get_drivers()}
    assert {to_registry(d["id"]) if is_ours(d["id"]) else d["id"] for d in named.values()} == {1, 2, 3}
    theirs, ours = service.get_driver(1), service.get_driver(to_pybirch(1))
    assert theirs is not None and ours is not None
    assert (theirs["name"], ours["name"]) == ("Theirs", "Ours")
    assert service.get_driver(999) is None and service.get_driver(to_pybirch(999)) is None


def test_the_lab_s_own_driver_replaces_the_database_s_and_a_built_in_does_not(
    lab: FakeRegistry, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    """Drivers of the database follow the same rule as drivers from files."""
    service = registry.service(Database())
    named = {driver["name"]: driver["id"] for driver in service.get_drivers()}
    assert named == {"Ours": to_pybirch(1), "Mine": to_pybirch(3), "Shared": 2, "Theirs": 1}
    for name, number in named.items():
        driver = service.get_driver_by_name(name)
        assert driver is not None and driver["id"] == number
    assert "Mine: using the registry's driver" in caplog.text and "Shared: using the database's" in caplog.text


def test_all_other_calls_go_to_pybirch_s_database(lab: FakeRegistry, registry: Registry) -> None:
    database = Database()
    service = registry.service(database)
    assert service.get_samples_simple_list() == database.get_samples_simple_list()
    assert service.asked is database.asked
    assert service.update_driver(1, {"description": "x"}) == {"id": 1, "description": "x"}
    assert service.save_points(1, {"frequency": 1_500_000_000}) == 1_500_000_000
    bound = service.bind_instrument_to_computer(1, "PC-B", adapter="anything at all")
    assert bound["adapter"] == "anything at all"
    assert service.get_driver_ids_for_computer("PC-A", include_public=False) == [1]
    assert service.delete_computer_binding(1) and not service.delete_computer_binding(999)
    assert not hasattr(service, "no_such_method") and hasattr(service, "get_samples_simple_list")
    with pytest.raises(AttributeError, match="switched off"):
        registry.service().get_samples_simple_list()
    assert not hasattr(registry.service(), "get_samples_simple_list")


def test_pybirch_s_database_never_gets_ids_of_the_registry(lab: FakeRegistry, registry: Registry) -> None:
    """If PyBirch's database got an id of the registry, it would find no row, or store a row that refers to nothing."""
    database = Database()
    service = registry.service(database)
    calls = [
        lambda: service.update_driver(to_pybirch(1), {}),
        lambda: service.update_driver(driver_id=to_pybirch(1), data={}),
        lambda: service.create_driver_issue({"title": "x", "driver_id": to_pybirch(1)}),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=f"is the registry's 1; change it at {lab.url}"):
            call()
    assert database.asked == []


def test_an_instrument_that_is_bound_nowhere_is_listed(lab: FakeRegistry, registry: Registry) -> None:
    service = registry.service()
    main, spare = service.get_instruments_by_driver(to_pybirch(1))
    assert (main["name"], main["computer_bindings"][0]["adapter"]) == ("Main Ours", "GPIB::8::INSTR")
    assert (spare["name"], spare["computer_bindings"], spare["location"]["name"]) == ("Spare", [], "Room 4")
    assert service.get_instruments_without_driver() == []


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("adapter", [None, "", "placeholder_1"])
def test_a_bind_without_an_address_binds(
    lab: FakeRegistry, registry: Registry, offline: bool, adapter: str | None
) -> None:
    lab.down = offline
    service = registry.service()
    bound = service.bind_instrument_to_computer(to_pybirch(2), "LABPC-01", adapter=adapter)
    assert (bound["instrument_id"], bound["computer_name"], bound["adapter"]) == (to_pybirch(2), "LABPC-01", None)
    assert service.get_driver_ids_for_computer("LABPC-01", include_public=False) == [to_pybirch(1)]
    again = service.bind_instrument_to_computer(to_pybirch(1), "LABPC-01", adapter=adapter)
    assert again["adapter"] == "GPIB::8::INSTR"
    lab.down = False
    registry.sync()
    told = {b["instrument"]["id"]: b["adapter"] for b in lab.bindings}
    assert told == {1: "GPIB::8::INSTR", 2: ""}


@pytest.mark.parametrize("offline", [False, True])
def test_a_binding_ends_here_at_once_and_in_the_registry_as_soon_as_possible(
    lab: FakeRegistry, registry: Registry, offline: bool
) -> None:
    lab.down = offline
    service = registry.service()
    (binding,) = service.get_computer_bindings("LABPC-01")
    assert service.delete_computer_binding(binding["id"]) is True
    assert service.get_computer_bindings() == [] and registry.discover() == []
    assert service.delete_computer_binding(binding["id"]) is False
    lab.down = False
    registry.sync()
    assert lab.bindings == [] and registry.waiting() == 0


def test_the_last_of_bind_and_unbind_counts(lab: FakeRegistry, registry: Registry) -> None:
    lab.down = True
    service = registry.service()
    service.delete_computer_binding(to_pybirch(101))
    service.bind_instrument_to_computer(to_pybirch(1), "LABPC-01", adapter="GPIB::9")
    service.bind_instrument_to_computer(to_pybirch(2), "LABPC-01", adapter="GPIB::2")
    (new,) = [b for b in service.get_computer_bindings() if b["adapter"] == "GPIB::2"]
    assert service.delete_computer_binding(new["id"]) is True
    lab.down = False
    registry.sync()
    assert {b["instrument"]["id"]: b["adapter"] for b in lab.bindings} == {1: "GPIB::9"}


def test_an_instrument_that_the_registry_does_not_know_yet_has_an_id_too(lab: FakeRegistry, registry: Registry) -> None:
    lab.down = True
    registry.bind(registry.create("Mine", name="New one"), "COM3")
    service = registry.service()
    (binding,) = [b for b in service.get_computer_bindings() if b["adapter"] == "COM3"]
    early = binding["instrument_id"]
    assert is_ours(early) and service.get_instrument(early) is not None
    changed = service.update_computer_binding_settings(binding["id"], {"gain": 2.0})
    assert changed is not None and changed["last_settings"] == {"gain": 2.0}
    lab.down = False
    registry.sync()
    assert lab.bindings[-1]["last_settings"] == {"gain": 2.0}
    assert service.bind_instrument_to_computer(early, "LABPC-01", adapter="COM4")["adapter"] == "COM4"
    assert service.update_computer_binding_settings(binding["id"], {"gain": 3.0}) is not None
    assert (lab.bindings[-1]["adapter"], lab.bindings[-1]["last_settings"]) == ("COM4", {"gain": 3.0})


@pytest.mark.parametrize("adapter", ["not a visa address at all", "nonsense", "GPIB::99"])
def test_nonsense_is_not_bound(lab: FakeRegistry, registry: Registry, adapter: str) -> None:
    asked = len(lab.requests)
    with pytest.raises(ValueError, match="is not the address of an instrument"):
        registry.service().bind_instrument_to_computer(to_pybirch(1), "LABPC-01", adapter=adapter)
    with pytest.raises(ValueError, match="is not the address of an instrument"):
        registry.bind(1, adapter)
    assert len(lab.requests) == asked and registry.waiting() == 0


def test_bindings_that_are_not_possible_are_explained(lab: FakeRegistry, registry: Registry) -> None:
    service = registry.service()
    with pytest.raises(ValueError, match="not this computer"):
        service.bind_instrument_to_computer(to_pybirch(1), "OTHER", adapter="COM3")
    with pytest.raises(ValueError, match=r"lists no instrument 77"):
        service.bind_instrument_to_computer(to_pybirch(77), "LABPC-01", adapter="COM3")
    with pytest.raises(ValueError, match=r"Instrument 1 not found: .* switched off"):
        service.bind_instrument_to_computer(1, "LABPC-01", adapter="COM3")
    with pytest.raises(ValueError, match="can only change its own bindings"):
        service.update_computer_binding(to_pybirch(101), {"computer_name": "OTHER"})
