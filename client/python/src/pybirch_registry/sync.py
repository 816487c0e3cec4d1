"""Runs one sync: sends stored settings and bindings, fetches the list, and then fetches and checks each missing
version.

A sync deletes nothing, and loaded versions stay as they are. After any failure, the versions of the last sync are still
there.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import chain
from typing import Any
from urllib.parse import quote

import urllib3

from . import manifest as manifests
from . import state
from .api import Http, decode
from .bindings import Bindings
from .choice import read_pins
from .errors import AnswerError, FolderError, NotEnrolledError, RefusedError, RegistryError, UnreachableError
from .files import locked, read_json, sha256, write_json
from .histories import fetch_histories
from .home import Enrolment, Home
from .manifest import Item, Manifest, ManifestFile
from .presence import Presence
from .repair import repair
from .report import Progress, SyncReport
from .statement import HEADER
from .store import Installed, Store
from .text import logger
from .trust import Trust
from .versions import Versions

log = logger(__name__)

Outcome = list[tuple[Item, str | None, RegistryError | None]]
"""The results of a sync for one definition: each version, a message for the user, and an error. The message and the
error may be None.
"""
WORKERS = 6
FEWEST = 4
"""If a sync finds at least this many new definitions, it downloads them in one request. Otherwise git fetches
each definition by itself.
"""
THE_LIST = "the registry's list"
"""The name under which a report says that the client refused the registry's list."""
MOST_ERRORS = 200
LONGEST_ERROR = 2000
"""The registry accepts at most `MOST_ERRORS` errors in one report, and `LONGEST_ERROR` characters in one error."""


class Syncer:
    """Runs syncs. Raises only errors that make the rest of a sync pointless. The report contains all other errors."""

    def __init__(
        self,
        home: Home,
        enrolment: Enrolment,
        http: Http,
        bindings: Bindings,
        listed: ManifestFile,
        store: Store,
        used: Callable[[], list[Installed]],
    ) -> None:
        """`used` returns the versions that a program would use if it started now."""
        self.home = home
        self.used = used
        self.http = http
        self.bindings = bindings
        self.listed = listed
        self.store = store
        self.versions = Versions(home, enrolment, http, self.store)
        self.trust = Trust(home)
        self.audience = enrolment.audience

    def run(self, names: Sequence[str] = (), progress: Progress | None = None) -> SyncReport:
        """Runs the sync. `names` asks for public and built-in definitions, now and at every later sync.

        Raises `NotEnrolledError`, `FolderError`, and `AnswerError` for a malformed list.
        """
        report = SyncReport()
        report.warnings += repair(self.home, self.store)
        self._send(report)
        told = self._find_known_revocations()
        taken = True
        try:
            listed = self._list(names, report)
        except UnreachableError as error:
            report.online = False
            last = self.home.last_sync()
            when = f", of {last:%Y-%m-%d %H:%M} UTC" if last else ""
            report.warnings.append(f"{error}. Using the versions of the last sync{when}")
            listed = self.listed.read()
        except RefusedError as error:
            taken = False
            report.refused[THE_LIST] = str(error)
            listed = self.listed.read()
        report.warnings += listed.warnings
        self._bring_missing(listed, report, progress)
        used = self.used()
        self._repair_used(used, listed, report)
        self._report_revoked(listed, told, report)
        report.waiting = len(self.bindings.outbox.waiting())
        report.warnings += self.versions.keys.notes
        clock = self.http.clock_warning()
        if clock:
            report.warnings.append(clock)
        stale = self.trust.warning()
        if stale:
            report.warnings.append(stale)
        if report.online:
            if taken:
                self.home.note_sync()
                there = {item.name.lower() for item in listed.items}
                report.unknown = [name for name in dict.fromkeys(names) if name.lower() not in there]
            self._send_report(used, report)
        return report

    def _send(self, report: SyncReport) -> None:
        """Sends stored settings and bindings. The list is fetched afterwards, so that it includes these
        settings and bindings.
        """
        sent = self.bindings.send()
        report.sent = len(sent.answers)
        report.warnings += sent.refused.values()
        if sent.trouble and sent.trouble.status:
            report.warnings.append(f"Some settings or bindings wait for the next sync: {sent.trouble}")

    def _list(self, names: Sequence[str], report: SyncReport) -> Manifest:
        """Fetches the registry's list and saves it.

        Raises `UnreachableError`, `AnswerError`, and `RefusedError` for a list that is not trusted: it may be unsigned,
        made for another computer or older than a list seen before.
        """
        with locked(self.home.lock("manifest")):
            kept = self._load_last(report)
            before = kept.get("names", [])
            asked = sorted({*before, *filter(manifests.NAME.fullmatch, names)})
            headers = {}
            if kept.get("etag") and kept.get("digest") and asked == before:
                headers["If-None-Match"] = kept["etag"]
            query = f"?names={quote(','.join(asked), safe=',')}" if asked else ""
            response = self.http.request("GET", f"/api/sync{query}", headers=headers)
            if response.status == 304 and headers:
                if self._renew(response, kept["digest"], report):
                    report.unchanged = True
                    return self.listed.read()
                response = self.http.request("GET", f"/api/sync{query}")
            value = decode(response, self.http.url)
            statement = self.versions.keys.statement(response.headers.get(HEADER))
            digest = sha256(response.data)
            self.trust.judge(statement, self.audience, digest)
            parsed = manifests.parse(value)
            if value.get("asked") != {"scope": "all", "names": sorted({name.lower() for name in asked})}:
                raise RefusedError("it answers a different request")
            note = self.trust.remember(statement, value)
            report.warnings += [note] if note else []
            listed = {item.name.lower(): item.name for item in parsed.items}
            wanted = {listed.get(n.lower(), n) for n in asked if n in before or n.lower() in listed}
            etag = response.headers.get("ETag")
            self.listed.save({"etag": etag, "names": sorted(wanted), "digest": digest, "manifest": value}, parsed)
            return self.listed.read()

    def _renew(self, response: urllib3.BaseHTTPResponse, digest: str, report: SyncReport) -> bool:
        """Whether the registry's signed statement says that the list on this computer is the newest.

        Raises `RefusedError`.
        """
        statement = self.versions.keys.statement(response.headers.get(HEADER))
        if statement.digest != digest:
            return False
        self.trust.judge(statement, self.audience, digest)
        note = self.trust.renew(statement)
        report.warnings += [note] if note else []
        return True

    def _load_last(self, report: SyncReport) -> dict[str, Any]:
        """The list of the last sync. If the list is lost, returns only the names of the installed definitions,
        so that they are fetched again.
        """
        try:
            return self.listed.kept() or {}
        except state.LostError as error:
            report.warnings.append(f"{error}; it is fetched again")
            return {"names": self.store.names(), "manifest": {"definitions": []}}

    def _bring_missing(self, listed: Manifest, report: SyncReport, progress: Progress | None) -> None:
        missing: list[Item] = []
        snapshots: list[Item] = []
        for item in listed.items:
            if listed.revocation(item.commit) is not None:
                continue
            fault = self.store.fault(item.name, item.commit)
            if fault is None:
                report.stayed.append(item.label)
                known = self.store.read(item.name, item.commit)
                if known is not None and known.checked_by == "list":
                    snapshots.append(item)
                continue
            missing.append(item)
            if self.store.read(item.name, item.commit):
                report.warnings.append(f"{item.label}: {fault}")
        if not report.online:
            return
        self._confirm(snapshots, report)
        by_name: dict[str, list[Item]] = {}
        for item in missing:
            by_name.setdefault(item.name, []).append(item)
        done = 0
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="pybirch-sync") as pool:
            taken = self._take_histories(by_name, pool)
            for outcome in chain(taken, _map_later(pool, self._bring_definition, by_name)):
                for item, note, error in outcome:
                    done += 1
                    if error is None:
                        report.came.append(item.label)
                    else:
                        report.refused[item.label] = str(error)
                        if not isinstance(error, RefusedError):
                            report.retry.append(item.label)
                    if note:
                        report.warnings.append(note)
                    if progress:
                        progress(done, len(missing), item.label)

    def _take_histories(self, by_name: dict[str, list[Item]], pool: ThreadPoolExecutor) -> Iterator[Outcome]:
        """Fetches the histories of new definitions in one answer, installs them, and removes them from `by_name`.
        Definitions that fail stay in `by_name`, and git fetches them later.
        """
        new = [name for name in by_name if not self.home.repository(name).exists()]
        if len(new) < FEWEST:
            return
        begun: deque[tuple[str, Future[bool]]] = deque()

        def next_taken() -> Outcome:
            name, work = begun.popleft()
            try:
                came = work.result()
                return [(item, None, None) for item in by_name.pop(name)] if came else []
            except RegistryError as error:
                log.info("%s: its history in one answer with others: %s", name, error)
                return []

        try:
            for name, content in fetch_histories(self.http, new):
                begun.append((name, pool.submit(self.versions.take, by_name[name], content)))
                while len(begun) > 2 * WORKERS:
                    yield next_taken()
        except RegistryError as error:
            log.info("fetching many histories at once: %s", error)
        while begun:
            yield next_taken()

    def _confirm(self, snapshots: list[Item], report: SyncReport) -> None:
        for item in snapshots:
            try:
                self.versions.confirm(item)
            except RegistryError as error:
                report.refused[item.label] = str(error)

    def _bring_definition(self, items: list[Item]) -> Outcome:
        """Fetches the missing versions of one definition. They share a repository."""
        outcome: Outcome = []
        for item in items:
            try:
                outcome.append((item, self.versions.get(item), None))
            except RegistryError as error:
                log.info("%s: %s", item.label, error)
                outcome.append((item, None, error))
        return outcome

    def _repair_used(self, used: list[Installed], listed: Manifest, report: SyncReport) -> None:
        """Restores damaged or edited versions that are in use but no longer listed, such as pinned versions."""
        of_list = {item.commit for item in listed.items}
        for installed in used:
            if installed.commit in of_list:
                continue
            fault = self.store.fault(installed.name, installed.commit)
            if fault is None:
                continue
            label = f"{installed.name} v{installed.version}"
            report.warnings.append(f"{label}: {fault}")
            try:
                self.versions.get_older(installed.name, installed.version, listed)
                report.came.append(label)
            except RegistryError as error:
                report.refused[label] = str(error)

    def _find_known_revocations(self) -> set[str]:
        """The commits of versions that an earlier sync reported as revoked."""
        with suppress(RegistryError):
            return set(self.listed.read().revoked)
        return set()

    def _report_revoked(self, listed: Manifest, told: set[str], report: SyncReport) -> None:
        in_use = dict(Presence(self.home).all())
        with suppress(RegistryError):
            in_use = {**read_pins(self.home), **in_use}
        for entry in listed.revoked.values():
            if self.store.read(str(entry["name"]), str(entry["commit"])):
                label = f"{entry['name']} v{entry['version']}"
                report.revoked[label] = listed.revocation(str(entry["commit"])) or ""
                if entry["commit"] in told and in_use.get(str(entry["name"])) != entry["version"]:
                    report.known.append(label)

    def _send_report(self, used: list[Installed], report: SyncReport) -> None:
        """Reports which versions are installed and loaded here, unless nothing has changed. If the registry
        refuses the report, the sync still succeeds.
        """
        errors = [f"{label}: {why}"[:LONGEST_ERROR] for label, why in report.refused.items()][:MOST_ERRORS]
        installed = {one.name: one.version for one in used}
        body = {"installed": installed, "loaded": Presence(self.home).all(), "errors": errors}
        told = self.home.root / "told.json"
        try:
            if report.unchanged and read_json(told) == body:
                return
            self.http.json("POST", "/api/sync/report", body)
            # If this file is lost, the next sync reports again. If the file is out of date, a report may wait for the
            # next change.
            write_json(told, body, is_synced=False)
        except FolderError as error:
            report.warnings.append(str(error))
        except (UnreachableError, AnswerError, NotEnrolledError) as error:
            report.warnings.append(f"The registry did not accept the report of this sync: {error}")


def _map_later(
    pool: ThreadPoolExecutor, work: Callable[[list[Item]], Outcome], by_name: dict[str, list[Item]]
) -> Iterator[Outcome]:
    """Works like `pool.map` over the values of `by_name`, but reads them only when the first result is wanted."""
    yield from pool.map(work, by_name.values())
