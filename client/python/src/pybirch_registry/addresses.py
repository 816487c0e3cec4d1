"""Checks and compares the addresses of instruments. PyBirch writes placeholders where an instrument has no address."""

import re
from typing import Any

from .errors import AddressError

NOWHERE = re.compile(r"\s*(placeholder([ _-]?\d+)?|simulated|none)?\s*", re.IGNORECASE)
"""Texts that stand for a missing address. PyBirch writes `placeholder` for an instrument that is not connected
and `placeholder_1` for a row without a device. Users type `simulated` or `none`.
"""

VISA = re.compile(r"(GPIB|USB|TCPIP|VXI|PXI|VICP|GPIB-VXI|PRLGX-TCPIP|PRLGX-ASRL)\d*::[^\s:]\S*", re.IGNORECASE)
SERIAL = re.compile(r"ASRL[^\s:]+(::INSTR)?|COM\d+|/dev/\S+", re.IGNORECASE)
NETWORK = re.compile(r"\d{1,3}(\.\d{1,3}){3}(:\d+)?")
GPIB = re.compile(r"GPIB\d*::(\d+)(?:::(\d+))?(::INSTR)?", re.IGNORECASE)
OWN_KIND = re.compile(r"(?=.*\d)[^\s:]+(:\d+)?")
"""Matches addresses that vendors' libraries use, such as a serial number (`27000123`), a channel (`Dev1/ai0`) or
`host2:5025`.
"""


def is_nowhere(adapter: Any) -> bool:
    """Whether `adapter` stands for a missing address. An object that is not text, such as a pymeasure adapter, is an
    address.
    """
    return adapter is None or (isinstance(adapter, str) and NOWHERE.fullmatch(adapter) is not None)


def is_address(text: Any) -> bool:
    """Whether a text can only be an address or one of PyBirch's placeholders for an address, and not a name."""
    return isinstance(text, str) and any(
        form.fullmatch(text) for form in (VISA, SERIAL, NETWORK, re.compile(r"placeholder([ _-]?\d+)?"))
    )


def canonical(adapter: str) -> str:
    """The form in which two addresses are compared. Case, the bus number 0 and a final `::INSTR` make no difference."""
    text = adapter.strip()
    if text.startswith("/"):
        return text
    text = re.sub(r"::INSTR\Z", "", text.upper())
    text = re.sub(r"\A(ASRL(?=/)|ASRL(?=COM))", "", text)
    return re.sub(r"\A(GPIB|USB|TCPIP|VXI|PXI|VICP|GPIB-VXI)(?=::)", r"\g<1>0", text)


def check_address(adapter: str) -> str:
    """Returns the address without surrounding white space. Raises `AddressError` if the text cannot be an address."""
    text = adapter.strip()
    gpib = GPIB.fullmatch(text)
    if gpib is not None:
        primary, secondary = int(gpib[1]), int(gpib[2] or 0)
        known = primary <= 30 and (secondary <= 30 or 96 <= secondary <= 126)
    else:
        known = any(form.fullmatch(text) for form in (VISA, SERIAL, NETWORK, OWN_KIND))
    if not known or not text.isprintable():
        raise AddressError(
            f"{adapter!r} is not the address of an instrument. Give its VISA address (GPIB0::8::INSTR, "
            "USB0::0x1AB1::0x04CE::DS1ZA1::INSTR, TCPIP0::10.0.0.7::INSTR), a port (COM3, /dev/ttyUSB0), or the "
            "address that the manufacturer's library takes; `pyvisa-info` and `pyvisa-shell list` list devices"
        )
    return text
