"""Who this computer is."""

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
    """`computer_name` (the host name), `computer_id`, `username` and `os` of this computer, as text.

    `computer_id` is kept in the enrolment, so that it stays the same: a MAC address, which it is made from, changes
    with a docking station, and `uuid.getnode()` is random where no address can be read. `home` is the data folder
    whose enrolment counts, by default the usual one.
    """
    try:
        enrolment = Home(home).enrolment_or_none()
    except LostError:  # it will be enrolled anew, as a computer that never was
        enrolment = None
    return {
        "computer_name": enrolment.computer_name if enrolment else _host_name(),
        "computer_id": enrolment.computer_id if enrolment else str(uuid.getnode()),
        "username": _username(),
        "os": f"{platform.system()} {platform.release()}".strip(),
    }


def _host_name() -> str:
    """Composed, as the registry keeps it: macOS writes an umlaut as two characters."""
    return unicodedata.normalize("NFC", socket.gethostname())


def _username() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a service account may have no name
        return os.environ.get("USERNAME", "")
