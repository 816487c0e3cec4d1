"""PyBirch constructs an instrument in several ways, and constructors of definitions take different parameters.

PyBirch's factory passes a name and assigns the adapter afterwards. PyBirch's page of instruments passes only the
adapter, by position. The settings button passes nothing. A placeholder text stands for a missing device.
"""

from typing import Any

import pytest

from pybirch_registry.addresses import check_address, is_address, is_nowhere
from pybirch_registry.driver import driver_class
from pybirch_registry.errors import AddressError, ConstructionError

ADDRESSES = ["GPIB0::8::INSTR", "GPIB::8", "USB0::0x1AB1::0x04CE::DS1ZA1::INSTR", "TCPIP::10.0.0.7::5025::SOCKET"]
ADDRESSES += [
    "ASRL3::INSTR",
    "ASRL/dev/ttyUSB0::INSTR",
    "COM3",
    "/dev/ttyUSB0",
    "10.0.0.7:5025",
    "TCPIP::host::INSTR",
]
PLACEHOLDERS = ["placeholder", "placeholder_1", "placeholder_12"]
NOWHERE = [*PLACEHOLDERS, "", " ", None, "None", "Simulated", "simulated", "Placeholder 3"]


class Instrument:
    """Like PyBirch's instruments, this class opens its device in the constructor if the constructor gets an address."""

    def _begin(self, name: str, adapter: Any) -> None:
        self.opened: list[Any] = []
        self.name = self.nickname = name
        self.adapter = adapter
        self.instrument = None
        if adapter:
            self.opened.append(adapter)
            self.instrument = f"session at {adapter}"


class NameAdapter(Instrument):
    def __init__(self, name: str = "Own name", adapter: str = "") -> None:
        self._begin(name, adapter)


class AdapterName(Instrument):
    def __init__(self, adapter: str = "", name: str = "Own name") -> None:
        self._begin(name, adapter)


class Required(Instrument):
    def __init__(self, name: str, adapter: str) -> None:
        self._begin(name, adapter)


class OtherNames(Instrument):
    def __init__(self, visa_address: str, axis: int = 1, *, name: str = "Own name") -> None:
        self._begin(name, visa_address)


class AdapterAlone(Instrument):
    def __init__(self, resource: str = "") -> None:
        self._begin("Own name", resource)


class HandsOn(NameAdapter):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)


class NameWait(Instrument):
    def __init__(self, name: str = "Own name", wait: float = 0.0) -> None:
        self._begin(name, "")


class Nothing(Instrument):
    def __init__(self) -> None:
        self._begin("Own name", "")


class WaitFirst(Instrument):
    def __init__(self, wait: float = 0.0) -> None:
        assert isinstance(wait, float)
        self._begin("Own name", "")


OPENING = [NameAdapter, AdapterName, Required, OtherNames, AdapterAlone, HandsOn]
OTHERS = [NameWait, Nothing, WaitFirst]


def made(real: type) -> Any:
    return driver_class(real, __name__, "Shown")


@pytest.mark.parametrize("real", [*OPENING, *OTHERS])
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_alone_is_the_adapter_and_no_name(real: type, address: str) -> None:
    instrument = made(real)(address)
    assert instrument.adapter == address
    assert instrument.name in ("Own name", "Shown")
    assert instrument.opened == ([address] if real in OPENING else [])


@pytest.mark.parametrize("real", [*OPENING, *OTHERS])
@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_a_placeholder_is_kept_and_never_opened(real: type, text: str) -> None:
    cls = made(real)
    alone, named = cls(text), cls(name="Main")
    named.adapter = text
    for instrument in (alone, named):
        assert (instrument.adapter, instrument.instrument, instrument.opened) == (text, None, [])
    assert alone.name in ("Own name", "Shown") and named.name == "Main"


@pytest.mark.parametrize("real", [*OPENING, *OTHERS])
@pytest.mark.parametrize("text", NOWHERE)
def test_a_device_that_is_not_there_is_opened_as_soon_as_it_has_an_address(real: type, text: Any) -> None:
    instrument = made(real)(name="Main")
    instrument.adapter = text
    assert instrument.instrument is None
    instrument.adapter = "GPIB::8::INSTR"
    assert (instrument.name, instrument.adapter) == ("Main", "GPIB::8::INSTR")
    assert instrument.opened == (["GPIB::8::INSTR"] if real in OPENING else [])


@pytest.mark.parametrize("real", [*OPENING, *OTHERS])
def test_the_factory_and_the_settings_button_can_construct_every_class(real: type) -> None:
    cls = made(real)
    assert cls(name="Main lock-in").name == "Main lock-in"
    assert cls().instrument is None
    assert cls().name in ("Own name", "Shown")


@pytest.mark.parametrize("real", [NameAdapter, Required, HandsOn, NameWait])
def test_a_name_alone_stays_a_name(real: type) -> None:
    for name in ("Main lock-in", "SR830", "Stage 3: x"):
        instrument = made(real)(name)
        assert (instrument.name, instrument.instrument) == (name, None)


def test_name_and_adapter_may_be_passed_by_name_or_by_position() -> None:
    for cls in map(made, (NameAdapter, Required, HandsOn)):
        for instrument in (cls("Main", "COM3"), cls(name="Main", adapter="COM3"), cls("Main", adapter="COM3")):
            assert (instrument.name, instrument.adapter, instrument.opened) == ("Main", "COM3", ["COM3"])
    other = made(OtherNames)("COM3", 2, name="Main")
    assert (other.name, other.adapter) == ("Main", "COM3")


def test_too_many_arguments_raise_python_s_own_error() -> None:
    with pytest.raises(TypeError):
        made(NameAdapter)("Main", "COM3", "more")
    with pytest.raises(TypeError):
        made(NameAdapter)("Main", name="Main")
    with pytest.raises(ConstructionError, match="does not take color"):
        made(NameAdapter)(color="red")


@pytest.mark.parametrize("address", [*ADDRESSES, "27000123", "Dev1/ai0", "host2:5025", "USB::1::2::3", " GPIB::8 "])
def test_what_can_be_an_address_is_bound(address: str) -> None:
    assert check_address(address) == address.strip()
    assert not is_nowhere(address)


@pytest.mark.parametrize(
    "text",
    [
        *("not a visa address at all", "nonsense", "GPIB::99::INSTR", "GPIB0::", "::8", "GPB::8", "GPIB::8 ::INSTR"),
        *("a\nb1", "http://10.0.0.7", "COM", "lock-in", "8::GPIB", "TCPIP::", "../../x", "x\x071"),
    ],
)
def test_what_cannot_be_an_address_is_refused_with_examples(text: str) -> None:
    with pytest.raises(AddressError, match="GPIB0::8::INSTR"):
        check_address(text)


@pytest.mark.parametrize("name", ["Main lock-in", "SR830", "nonsense", "27000123", "X:Y", "", "None"])
def test_a_name_is_not_taken_for_an_address(name: str) -> None:
    assert not is_address(name)
