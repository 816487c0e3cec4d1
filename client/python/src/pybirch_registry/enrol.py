"""Trading a one-time code for this computer's own token."""

import platform
from typing import Any

from .api import Http
from .computer import get_computer_info
from .errors import AnswerError, RegistryError
from .files import remove, write_atomic
from .home import Enrolment, Home
from .state import LostError
from .text import logger

log = logger(__name__)


def enrol(home: Home, url: str, code: str, computer_name: str | None = None) -> Enrolment:
    """Enrols this computer, or gives it a new token. `computer_name` is the host name unless given.

    What came from another registry is set aside, never mixed with this one's. Raises `UnreachableError`,
    `AnswerError` with the registry's reason, `RegistryError` for a name that cannot be, `FolderError`. What may fail in
    the folder is done before the code is spent, and undone where the registry does not take it.
    """
    before = _before(home)
    info = get_computer_info(home.root)
    name = computer_name or info["computer_name"] or platform.node()
    if not is_name(name):
        raise RegistryError(
            f"{name!r} cannot be a computer's name in the registry, which has letters, digits, spaces, dots, dashes "
            "and underscores. Give this computer another one: --name NAME"
        )
    probe_folder(home)
    http = Http(url)
    aside = home.set_aside() if before is not None and before.url != http.url else None
    try:
        enrolment = _trade(http, {"code": code, **info, "computer_name": name})
    except BaseException:
        if aside is not None:
            home.put_back(aside)
        raise
    if before is not None and is_another(before, enrolment):
        aside = aside or home.set_aside()
        if aside is not None:
            log.warning("What came from %s lies in %s now", before.url, aside)
    elif aside is not None:
        home.put_back(aside)
    home.save_enrolment(enrolment)
    return enrolment


def _trade(http: Http, body: dict[str, str]) -> Enrolment:
    """The code of the body for an enrolment. Raises as `enrol` does."""
    answer: Any = http.json("POST", "/api/computers/enrol", body)
    try:
        return Enrolment(
            url=http.url,
            token=str(answer["token"]),
            computer_name=str(answer["computer"].get("computer_name", body["computer_name"])),
            computer_id=body["computer_id"],
            computer=dict(answer["computer"]),
            signing_keys=list(answer.get("signing_keys") or []),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise AnswerError("The registry's answer is not that of an enrolment") from error


def _before(home: Home) -> Enrolment | None:
    """Enrolling anew is the way out where an enrolment is lost."""
    try:
        return home.enrolment_or_none()
    except LostError as error:
        log.warning("%s", error)
        return None


def is_name(name: str) -> bool:
    """The registry's rule for names of computers, which stand in addresses."""
    inner = all(c.isalnum() or c in " ._-" for c in name)
    return inner and 0 < len(name) <= 255 and name[0] not in " .-" and name[-1] not in " ."


def is_another(before: Enrolment, after: Enrolment) -> bool:
    """Whether two enrolments are with two registries: one that moved still lists the keys that it signed with."""
    keys = [{key.get("public_key") for key in one.signing_keys} for one in (before, after)]
    return not keys[0] & keys[1] if all(keys) else before.url != after.url


def probe_folder(home: Home) -> None:
    """Raises `FolderError` where the data folder cannot be written."""
    probe = home.root / ".probe"
    write_atomic(probe, b"")
    remove(probe)
