"""What is to be tested, and the testing of it."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import AnswerError, RefusedError, UnreachableError
from ..files import write_tree
from ..guard import Policy
from ..manifest import Item as Listed
from ..registry import Registry
from ..testing.environment import describe_environment
from ..testing.isolation import Isolation
from ..testing.items import Item
from ..testing.process import Limits
from ..testing.subjects import Subject
from .heads import StaleError, fetch_head
from .judging import has_tests, run_judged
from .posting import body_of, is_done

PAGE = 100


@dataclass(frozen=True)
class Result:
    """What was tested, and what was posted."""

    what: str
    """`SR830, merge request 3` or `SR830 v4`."""
    state: str
    """`success`, `failure` or `skipped`."""
    summary: str


class Bench:
    """The work of this bench computer. Keeps every run away from the data folder and the network."""

    def __init__(self, registry: Registry, tell: Callable[[str], None], limits: Limits | None = None) -> None:
        """`tell` gets a line for people about what happens. Raises `IsolationError` if this computer cannot keep a run
        away from itself.
        """
        Isolation(registry.home.root).check(registry.enrolment.url)
        self._limits = limits or Limits()
        self._registry = registry
        self._tell = tell
        self._done: set[tuple[str, str]] = set()
        """The versions, by commit and environment, that this computer has tested."""
        self._told: set[str] = set()

    def work(self) -> Iterator[Result]:
        """Tests what is to be tested now. Gives each result when it is posted.

        Raises `UnreachableError`, `NotEnrolledError`, and `AnswerError` if this computer is no bench computer.
        """
        report = self._registry.sync()
        if not report.online:
            raise UnreachableError(report.warnings[0])
        environment = describe_environment()
        yield from self._test_proposals(environment)
        yield from self._test_versions(environment)

    # ---------------------------------------------------------------- merge requests

    def _test_proposals(self, environment: dict[str, Any]) -> Iterator[Result]:
        for number in self._open_proposals():
            what = f"merge request {number}"
            try:
                result = self._test_proposal(number, environment)
            except StaleError:
                self._tell(f"{what} has changed or was closed; its new head is tested next")
            except (AnswerError, RefusedError) as error:
                self._tell_once(f"{what} is not tested: {error}")
            else:
                if result is not None:
                    yield result

    def _open_proposals(self) -> list[int]:
        """The numbers of the open merge requests that this computer may see."""
        found: list[int] = []
        after = ""
        while True:
            try:
                page = self._ask(f"/api/merge-requests?state=open&per_page={PAGE}{after}")
            except AnswerError as error:
                if error.status != 403:
                    raise
                name = self._registry.enrolment.computer_name
                raise AnswerError(
                    f"{name} is not a bench computer. A lab admin can make it one on the page Computers", 403
                ) from error
            found += [int(one["id"]) for one in page["items"]]
            if not page.get("next") or not page["items"]:
                return found
            after = f"&after={page['next']}"

    def _test_proposal(self, number: int, environment: dict[str, Any]) -> Result | None:
        """Tests a head and posts the check, unless this computer has done so. Raises `StaleError`."""
        try:
            page = self._ask(f"/api/merge-requests/{number}")
        except AnswerError as error:
            if error.status == 404:
                raise StaleError from error
            raise
        name, head = str(page["definition"]["name"]), str(page["head"])
        account = f"computer:{self._registry.enrolment.computer_name}"
        own = [one for one in page["checks"] if one["name"] == "tests" and one["account"] == account]
        if is_done(own, environment):
            return None
        what = f"{name}, merge request {number}"
        if not page["bench"]["may_run"]:
            self._tell_once(f"{what} at {head[:12]} is not tested: {page['bench']['why']}")
            return None
        files = fetch_head(self._registry.http, name, number, head)
        wanted = [one["name"] for one in page["permissions"]]
        policy = Policy.of(self._registry.manifest().policy).with_permissions(wanted)
        with tempfile.TemporaryDirectory(prefix="pybirch-bench-") as scratch:
            folder = Path(scratch, name)
            write_tree(folder, files, is_synced=False)
            items = self._run(Subject(folder, name, policy=policy), f"{what} at {head[:12]}")
        body = body_of(items, environment)
        try:
            self._post(f"/api/merge-requests/{number}/checks", {"name": "tests", "head": head, **body})
        except AnswerError as error:
            if error.status in (404, 409):
                raise StaleError from error
            raise
        return Result(what, body["state"], body["summary"])

    # ---------------------------------------------------------------- versions

    def _test_versions(self, environment: dict[str, Any]) -> Iterator[Result]:
        """Tests the newest version of each definition of the lab, unless this computer has done so here."""
        manifest = self._registry.manifest()
        lab = manifest.computer.get("lab_id")
        for listed in manifest.items:
            is_ours = listed.fields.get("lab_id") == lab and listed == manifest.newest(listed.name)
            key = (listed.commit, repr(environment))
            if not is_ours or key in self._done or manifest.revocation(listed.commit) is not None:
                continue
            try:
                result = self._test_version(listed, manifest.policy, environment)
            except (AnswerError, RefusedError) as error:
                self._tell_once(f"{listed.label} is not tested: {error}")
                continue
            self._done.add(key)
            if result is not None:
                yield result

    def _test_version(self, listed: Listed, rules: Any, environment: dict[str, Any]) -> Result | None:
        results = f"/api/instrument-definitions/{listed.id}/versions/{listed.version}/results"
        name = self._registry.enrolment.computer_name
        known = self._ask(f"{results}?per_page={PAGE}")["items"]
        if is_done(
            (one for one in known if one["computer_name"] == name and one["commit"] == listed.commit), environment
        ):
            return None
        installed = self._registry.store.read(listed.name, listed.commit)
        fault = self._registry.store.fault(listed.name, listed.commit)
        if installed is None or fault is not None:
            raise RefusedError(fault or "it is not on this computer")
        folder = self._registry.store.folder(listed.name, listed.commit)
        policy = Policy.of(rules).with_permissions(installed.permissions)
        subject = Subject(folder, listed.name, listed.version, policy)
        items = self._run(subject, listed.label)
        if not items:
            return None  # a version without tests is not tested
        body = body_of(items, environment)
        self._post(results, body)
        return Result(listed.label, body["state"], body["summary"])

    # ---------------------------------------------------------------- both

    def _run(self, subject: Subject, what: str) -> list[Item]:
        if not has_tests(subject):
            return []
        self._tell(f"testing {what}")
        return run_judged(subject, self._registry.home.root, self._limits)

    def _ask(self, path: str) -> Any:
        return self._registry.http.json("GET", path)

    def _post(self, path: str, body: object) -> None:
        self._registry.http.json("POST", path, body)

    def _tell_once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(text)
