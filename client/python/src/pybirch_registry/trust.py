"""Remembers which signed lists of the registry this computer has seen, and decides which lists it accepts.

`trust.json` contains the timeline, every signed revocation by commit and, for each audience, the number and time of the
newest list. The file has a copy (see state.py). A list that cannot be compared with the file is never accepted.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from . import state
from .api import CLOCK_TOLERANCE_S
from .errors import RefusedError
from .home import Home
from .statement import Statement

STALE_S = 7 * 24 * 3600.0
"""The age of the newest signed list, in seconds, after which the client logs a warning. Without new lists, revocations
do not arrive.
"""
AGAIN_S = 3600.0
"""Lists with the same number differ only in details such as a username or an address. The client uses the list that
was signed last. Clocks may differ by `AGAIN_S` seconds.
"""

WAY_OUT = (
    "The versions on this computer keep running. If the registry was restored from a backup or a copy, its operator "
    "makes all computers follow it with `registry confirm-restore --by NAME`. For this computer alone, enrol again "
    "with a new code from a lab admin: pybirch-registry enrol URL CODE"
)


def check_trust(value: dict[str, Any]) -> None:
    """Raises `ValueError` if the value is not the content of the file."""
    for key, kind in (("timeline", str), ("seen", dict), ("revoked", dict)):
        if not isinstance(value.get(key), kind):
            raise ValueError(f"no {key}")
    for entry in value["seen"].values():
        if not isinstance(entry["number"], int) or not isinstance(entry["signed_at"], (int, float)):
            raise ValueError("no number")
    if not all(isinstance(entry["signed_at"], (int, float)) for entry in value["revoked"].values()):
        raise ValueError("no revocation")


class Trust:
    """The lists that a data folder has seen. Callers of methods that write hold the lock `manifest`."""

    def __init__(self, home: Home) -> None:
        self.path = home.trust

    def read(self) -> dict[str, Any]:
        """The content of the file, which is empty before the first signed list. Raises `FolderError` if the
        file is lost, because then nothing may be assumed.
        """
        return state.load(self.path, check_trust) or {}

    def judge(self, statement: Statement, audience: str, digest: str) -> None:
        """Raises `RefusedError` for a list that must not be accepted. The error's text says what to do."""
        known = self.read()
        if statement.audience != audience:
            raise RefusedError(f"it was made for {statement.audience}, not for {audience}")
        if statement.digest != digest:
            raise RefusedError(
                "it is not the list that the registry signed: something changed the list, or mixed two lists"
            )
        self._judge_timeline(statement, known)
        seen = known.get("seen", {}).get(audience)
        if seen is None:
            return
        if statement.number < seen["number"]:
            raise RefusedError(
                f"it is older than what this computer has seen (number {statement.number} of "
                f"{day(statement.signed_at)} after {seen['number']} of {day(seen['signed_at'])}). {WAY_OUT}"
            )
        is_same = statement.number == seen["number"] and digest != seen.get("digest")
        if is_same and statement.signed_at < seen["signed_at"] - AGAIN_S:
            raise RefusedError(f"it was signed before this computer's list of the same number. {WAY_OUT}")

    def _judge_timeline(self, statement: Statement, known: Mapping[str, Any]) -> None:
        if statement.timeline == known.get("timeline"):
            return
        # A new timeline begins above the numbers of all earlier timelines, for every audience.
        if any(statement.number < seen["number"] for seen in known.get("seen", {}).values()):
            raise RefusedError(
                f"it was made on {day(statement.signed_at)}, before the registry was restored from a backup, and the "
                f"list on this computer is newer: ask for a new bundle. {WAY_OUT}"
            )
        if statement.confirmed_by is not None:
            return
        if not known and statement.restored_from is None:
            return
        of = f" from a backup of {statement.restored_from}" if statement.restored_from else " or set up anew"
        raise RefusedError(
            f"the registry was restored{of}, and nobody has confirmed yet that computers should follow it: "
            f"it lacks versions and revocations that came later. {WAY_OUT}"
        )

    def remember(self, statement: Statement, value: Mapping[str, Any]) -> str | None:
        """Saves an accepted list. `value` is the list's JSON. Returns a message for the user. Raises `FolderError`."""
        known = self.read()
        standing = {entry["commit"] for entry in value.get("reinstated") or ()}
        at = statement.signed_at
        revoked = {k: v for k, v in known.get("revoked", {}).items() if k not in standing or v["signed_at"] > at}
        for entry in value.get("revoked") or ():
            commit = entry["commit"]
            # A revocation keeps the date of the newest list that contains it, even if an older list from another bundle
            # arrives later. With the older date, a list from between the two dates could reinstate the version.
            before = revoked.get(commit)
            if before is None or before["signed_at"] <= at:
                revoked[commit] = {**entry, "signed_at": at}
        self._save(known, statement, revoked)
        return _restore_message(known, statement)

    def renew(self, statement: Statement) -> str | None:
        """Stores that the list on this computer is still the newest. Returns a message for the user. Raises
        `FolderError`.
        """
        known = self.read()
        self._save(known, statement, known.get("revoked", {}))
        return _restore_message(known, statement)

    def begin(self, statement: Statement) -> None:
        """Starts again at a new enrolment, which an admin has allowed. Lists from before the enrolment no longer count,
        but revocations stay.

        Raises `FolderError`.
        """
        try:
            revoked = self.read().get("revoked", {})
        except state.LostError:
            revoked = {}
        seen = {"number": statement.number, "signed_at": statement.signed_at}
        value = {"timeline": statement.timeline, "seen": {statement.audience: seen}, "revoked": revoked}
        state.save(self.path, value)

    def _save(self, known: Mapping[str, Any], statement: Statement, revoked: Mapping[str, Any]) -> None:
        before = known.get("seen", {}).get(statement.audience, {})
        digest = statement.digest or before.get("digest")
        signed_at = statement.signed_at
        if digest == before.get("digest") and statement.number == before.get("number"):
            signed_at = max(signed_at, before["signed_at"])
        entry = {"number": statement.number, "signed_at": signed_at, "digest": digest}
        seen = {**known.get("seen", {}), statement.audience: entry}
        state.save(self.path, {"timeline": statement.timeline, "seen": seen, "revoked": dict(revoked)})

    def revoked(self) -> dict[str, Any]:
        """Every signed revocation, by commit, except those of reinstated versions. Raises `FolderError`."""
        return dict(self.read().get("revoked", {}))

    def newest(self) -> tuple[int, float] | None:
        """The number and time of the list that was signed last, or None if this computer has seen no list yet."""
        seen = self.read().get("seen", {}).values()
        latest = max(seen, key=lambda one: one["signed_at"], default=None)
        return None if latest is None else (latest["number"], latest["signed_at"])

    def warning(self, now: float | None = None) -> str | None:
        """A warning if the newest list is old, or if the clock is wrong. Otherwise None."""
        newest = self.newest()
        if newest is None:
            return None
        age = (time.time() if now is None else now) - newest[1]
        if age < -CLOCK_TOLERANCE_S:
            return (
                f"The newest list of the registry here is dated {day(newest[1])}, which is in the future by this "
                "computer's clock: set the clock, or the age of the list is unknown"
            )
        if age < STALE_S:
            return None
        return (
            f"The newest list of the registry here was signed on {day(newest[1])}, {age / 86400:.0f} days ago. "
            "Later revocations are not known. If the registry can be reached, somebody may be holding them back"
        )


def _restore_message(known: Mapping[str, Any], statement: Statement) -> str | None:
    """A message when the first statement of a restored registry arrives, with the name of who confirmed the
    restored registry.
    """
    if not known or known["timeline"] == statement.timeline:
        return None
    of = f" from a backup of {statement.restored_from}" if statement.restored_from else ""
    return f"The registry was restored{of}; {statement.confirmed_by} confirmed that computers follow it"


def day(at: float) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
    except (OSError, OverflowError, ValueError):
        return f"second {at:.0f}"
