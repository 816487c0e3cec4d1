"""The name and id of this computer, and its user."""

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

    The enrolment keeps `computer_id`, so that it stays the same: it is made from a MAC address, which changes with a
    docking station, or is random if `uuid.getnode()` finds no address. `home` is the data folder whose enrolment
    counts; by default, the usual one.
    """
    try:
        enrolment = Home(home).enrolment_or_none()
    except LostError:  # the computer will be enrolled like a new one
        enrolment = None
    return {
        "computer_name": enrolment.computer_name if enrolment else _host_name(),
        "computer_id": enrolment.computer_id if enrolment else str(uuid.getnode()),
        "username": _username(),
        "os": f"{platform.system()} {platform.release()}".strip(),
    }


def _host_name() -> str:
    """In NFC, as the registry keeps it. macOS writes an umlaut as two characters."""
    return unicodedata.normalize("NFC", socket.gethostname())


def _username() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a service account may have no name
        return os.environ.get("USERNAME", "")
