"""The name, id and user of this computer."""

import getpass
import os
import platform
import socket
import unicodedata
import uuid
from pathlib import Path

from .home import Home
from .state import LostError


def get_computer_info(home: Path | None = None) -> dict[str, str]:
    """Returns `computer_name` (the host name), `computer_id`, `username` and `os` of this computer, as text.

    The enrolment stores `computer_id`, so that it stays the same. The id is made from a MAC address, which can change
    with a docking station. If `uuid.getnode()` finds no address, the id is random. `home` is the data folder whose
    enrolment is used; by default, the usual one.
    """
    try:
        enrolment = Home(home).enrolment_or_none()
    except LostError:  # the computer is enrolled as a new one
        enrolment = None
    return {
        "computer_name": enrolment.computer_name if enrolment else _host_name(),
        "computer_id": enrolment.computer_id if enrolment else str(uuid.getnode()),
        "username": _username(),
        "os": f"{platform.system()} {platform.release()}".strip(),
    }


def _host_name() -> str:
    """The host name in NFC, as the registry stores it. macOS writes an umlaut as two characters."""
    return unicodedata.normalize("NFC", socket.gethostname())


def _username() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a service account may have no name
        return os.environ.get("USERNAME", "")
