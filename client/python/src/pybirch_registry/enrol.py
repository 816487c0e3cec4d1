"""Exchanges a one-time code for a token of this computer."""

import hashlib
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from .api import Http
from .computer import get_computer_info
from .errors import AnswerError, RefusedError, RegistryError
from .files import locked, remove, sha256, write_atomic
from .home import Enrolment, Home
from .keys import KeyRing, keys_vouched_by
from .signatures import fingerprint_of, key_blob
from .state import LostError
from .statement import Statement
from .text import logger
from .trust import Trust
from .versions import fetch_keys

log = logger(__name__)

LOCAL = re.compile(r"http://(localhost|127\.|\[::1\])")
ROOM = 256 * 1024
"""How many bytes must be free on the disk before a code is used."""
CODE = 16
"""The number of letters in a code, before the short fingerprint of the registry's key."""
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def enrol(home: Home, url: str, code: str, computer_name: str | None = None) -> Enrolment:
    """Enrols this computer, or gives it a new token. `computer_name` is the host name by default.

    Data from another registry is set aside and never mixed with the data of this registry. Everything in the data
    folder that can fail happens before the code is used. If the registry refuses the code, all changes in the folder
    are undone.

    Raises `UnreachableError`, `AnswerError` with the registry's reason, `RefusedError` if the code belongs to another
    registry, `RegistryError` for a name that the registry does not accept, `FolderError`.
    """
    before = _read_present(home)
    info = get_computer_info(home.root)
    name = computer_name or info["computer_name"] or platform.node()
    if not is_name(name):
        raise RegistryError(
            f"{name!r} is not a valid name for a computer: names have letters, digits, spaces, dots, dashes "
            "and underscores. Give this computer another name: --name NAME"
        )
    http = Http(url)
    with reserve_space(home):
        key = _key(http, code)
        aside = home.set_aside() if before is not None and before.url != http.url else None
        try:
            enrolment, statement = _trade(http, key, {"code": code, **info, "computer_name": name})
        except BaseException:
            if aside is not None:
                home.put_back(aside)
            raise
    if before is not None and is_another(before, enrolment):
        aside = aside or home.set_aside()
        if aside is not None:
            log.warning("The data from %s is in %s now", before.url, aside)
    elif aside is not None:
        home.put_back(aside)
    with locked(home.lock("manifest")):
        Trust(home).begin(statement)
    home.save_enrolment(enrolment)
    return enrolment


def _trade(http: Http, key: dict[str, Any], body: dict[str, str]) -> tuple[Enrolment, Statement]:
    """Exchanges the code in `body` for an enrolment and the statement at which the numbering of lists starts. Raises
    what `enrol` raises.
    """
    code = body["code"]
    answer: Any = http.json("POST", "/api/computers/enrol", body)
    try:
        enrolment = Enrolment(
            url=http.url,
            token=str(answer["token"]),
            computer_name=str(answer["computer"].get("computer_name", body["computer_name"])),
            computer_id=body["computer_id"],
            computer=dict(answer["computer"]),
            signing_keys=keys_vouched_by(key),
            keys_by="code" if normalize_code(code)[CODE:] else urlsplit(http.url).scheme,
        )
        statement = KeyRing(None, enrolment, lambda: [key]).statement(str(answer["statement"]))
        said = (statement.audience, statement.code)
        if said != (enrolment.audience, sha256(code.encode())):
            raise RefusedError("the registry's answer was made for another enrolment")
    except (KeyError, TypeError, AttributeError) as error:
        raise AnswerError("The registry's answer is not that of an enrolment") from error
    return enrolment, statement


def normalize_code(code: str) -> str:
    """A code in the registry's format: without dashes and spaces, in upper case, with look-alike letters replaced."""
    read = "".join(c for c in code.upper() if c != "-" and not c.isspace())
    return read.translate(str.maketrans("OIL", "011"))


def _key(http: Http, code: str) -> dict[str, Any]:
    """The registry's newest key, read before the code is used. Raises `RefusedError` if the code was made for another
    key.
    """
    listed = fetch_keys(http)
    if not listed or not listed[0].get("change"):
        raise AnswerError(f"{http.url} does not sign lists: update the registry before you enrol computers")
    key, expected = listed[0], normalize_code(code)[CODE:]
    if expected and short_fingerprint(key_blob(key)) != expected:
        raise RefusedError(
            f"{http.url} does not have the key that this code was made for, but "
            f"{fingerprint_of(key_blob(key))}. The code is for another registry, the registry's key was replaced, or "
            "something on the network answers in its place. Ask a lab admin for a new code; the code was not sent"
        )
    return key


def short_fingerprint(blob: bytes) -> str:
    """The first 80 bits of a key's fingerprint in Crockford's base 32, which are at the end of a code."""
    bits = int.from_bytes(hashlib.sha256(blob).digest()[:10])
    return "".join(CROCKFORD[bits >> shift & 31] for shift in range(75, -1, -5))


def tls_warning(enrolment: Enrolment) -> str | None:
    """A warning about plain HTTP, or None for HTTPS and for a registry on this computer."""
    if not enrolment.url.startswith("http://") or LOCAL.match(enrolment.url):
        return None
    text = (
        "The registry is reached without TLS (http): whoever can listen on the network can take this computer's token. "
    )
    if enrolment.keys_by == "code":
        return text + "Versions are still protected: the code carried the fingerprint of the registry's key"
    return text + (
        "Signatures protect only against changes since this computer was enrolled, because the keys came over http. "
        "Enrol again with a new code, which carries the fingerprint of the registry's key"
    )


def _read_present(home: Home) -> Enrolment | None:
    """The present enrolment, or None if its file is lost. A lost file does no harm, because the new enrolment
    replaces it.
    """
    try:
        return home.enrolment_or_none()
    except LostError as error:
        log.warning("%s", error)
        return None


def is_name(name: str) -> bool:
    """Whether a text may be a computer's name. The registry has the same rule for names, because URLs contain them."""
    inner = all(c.isalnum() or c in " ._-" for c in name)
    return inner and 0 < len(name) <= 255 and name[0] not in " .-" and name[-1] not in " ."


def is_another(before: Enrolment, after: Enrolment) -> bool:
    """Whether two enrolments belong to different registries. A registry with a new address still lists its earlier
    keys.
    """
    keys = [{key_blob(key) for key in one.signing_keys} for one in (before, after)]
    return not keys[0] & keys[1] if all(keys) else before.url != after.url


@contextmanager
def reserve_space(home: Home) -> Iterator[None]:
    """Reserves disk space for the files that are written afterwards. Raises `FolderError` if the data folder is full or
    cannot be written.
    """
    room = home.root / ".probe"
    write_atomic(room, os.urandom(ROOM))  # random bytes, so that no file system can compress them
    try:
        yield
    finally:
        remove(room)
