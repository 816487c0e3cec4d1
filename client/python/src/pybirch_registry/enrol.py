"""Trading a one-time code for this computer's own token."""

import platform
from typing import Any

from .api import Http
from .computer import get_computer_info
from .errors import AnswerError
from .home import Enrolment, Home


def enrol(home: Home, url: str, code: str, computer_name: str | None = None) -> Enrolment:
    """Enrols this computer, or gives it a new token. `computer_name` is the host name unless given.

    Raises `UnreachableError`, `AnswerError` with the registry's reason, `FolderError`. A folder that cannot be
    written is noticed before the code is spent.
    """
    before = home.enrolment_or_none()
    info = get_computer_info(home.root)
    name = computer_name or info["computer_name"] or platform.node()
    _try_writing(home)
    http = Http(url)
    body = {"code": code, **info, "computer_name": name}
    answer: Any = http.json("POST", "/api/computers/enrol", body)
    try:
        enrolment = Enrolment(
            url=http.url,
            token=str(answer["token"]),
            computer_name=str(answer["computer"].get("computer_name", name)),
            computer_id=info["computer_id"],
            computer=dict(answer["computer"]),
            signing_keys=list(answer.get("signing_keys") or []),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise AnswerError("The registry's answer is not that of an enrolment") from error
    if before is not None and before.url != enrolment.url:
        home.manifest.unlink(missing_ok=True)
    home.save_enrolment(enrolment)
    return enrolment


def _try_writing(home: Home) -> None:
    from .files import write_atomic

    probe = home.root / ".probe"
    write_atomic(probe, b"")
    probe.unlink(missing_ok=True)
