"""Fetches, checks and installs versions. Raises `RefusedError` for a version that must not run."""

import contextlib
import ssl
from collections.abc import Callable, Sequence
from typing import Any

from .api import Http, describe_git
from .errors import (
    AnswerError,
    NotEnrolledError,
    RefusedError,
    RegistryError,
    UnreachableError,
)
from .files import explain_errors, locked, sha256
from .histories import HeldHistory
from .home import Enrolment, Home
from .keys import KeyRing, Listed
from .manifest import SYNC, Item, Manifest
from .proof import UnattestedError, VersionRef, approvers, permissions, signed_tag
from .repository import DamagedError, Repository, TagRecord
from .snapshot import fetch_snapshot
from .store import Installed, Store, check_contents
from .text import logger
from .wire import GIT_S, PACK_BYTES, REFS_BYTES, Bounds, BoundsError, limit_answers

log = logger(__name__)


class Versions:
    """Installs versions from one registry in the store."""

    def __init__(
        self,
        home: Home,
        enrolment: Enrolment,
        http: Http,
        store: Store,
        keys: Callable[[], Listed] | None = None,
    ) -> None:
        """`keys` returns the registry's keys. By default, `keys` asks the registry."""
        self.home = home
        self.http = http
        self.store = store
        self.keys = KeyRing(home, enrolment, keys or (lambda: fetch_keys(http)))

    def get(self, item: Item, progress: Callable[[str], None] | None = None) -> str | None:
        """Fetches and installs a listed version. Returns a message for the user, or None.

        Raises `RefusedError`, `UnreachableError`, `FolderError`.
        """
        try:
            return self._from_git(item, progress)
        except UnreachableError as error:
            log.info("%s: fetching with git failed: %s", item.label, error)
            contents = fetch_snapshot(self.http, item.id, item.version, item.commit)
            installed = describe(item, None, "list")
            self.store.install(installed, contents)
            return f"{item.label} was fetched as a snapshot, because fetching with git failed ({error})"

    def take(self, items: Sequence[Item], content: bytes) -> bool:
        """Installs the listed versions of a definition and its history from a git bundle. Returns False if another
        process has fetched the history in the meantime.

        Raises `RefusedError`, `DamagedError`, `FolderError`.
        """
        path = self.home.repository(items[0].name)
        with locked(self.home.lock(f"repository-{items[0].name}")):
            if (path / "HEAD").exists():
                return False
            held = HeldHistory(path, content)
            checked = [self._read_listed(held, item) for item in items]
            held.save()  # first, because a sync does not notice that an installed version has no history
            for installed, contents in checked:
                self.store.install(installed, contents)
        return True

    def confirm(self, item: Item) -> None:
        """Checks a version that was fetched as a snapshot, once git works again. The check needs the signed tag,
        because only a signed tag grants permissions.

        Raises `RefusedError`, `FolderError`.
        """
        with contextlib.suppress(UnreachableError):
            self._from_git(item, None)

    def _from_git(self, item: Item, progress: Callable[[str], None] | None) -> str | None:
        repository = Repository(self.home.repository(item.name))
        with locked(self.home.lock(f"repository-{item.name}")):
            note = None
            try:
                with repository.restore_if_refused():
                    self._fetch(repository, progress, item.commit)
                    self._install_attested(repository, item, progress)
            except DamagedError:
                note = f"The history of {item.name} on this computer was damaged; it was fetched again"
                with explain_errors(repository.path):
                    repository.discard()
                with repository.restore_if_refused():
                    self._fetch(repository, progress, None)
                    self.install(repository, item)
            return note

    def _install_attested(self, repository: Repository, item: Item, progress: Callable[[str], None] | None) -> None:
        """Installs a version. If the tag does not name its definition, fetches the history again, because it
        may lack the newest attestation.
        """
        try:
            self.install(repository, item)
        except UnattestedError:
            self._fetch(repository, progress, None)
            self.install(repository, item)

    def _fetch(
        self,
        repository: Repository,
        progress: Callable[[str], None] | None,
        commit: str | None,
    ) -> None:
        """Fetches the history, unless it already contains the commit."""
        if commit is not None and repository.has(commit):
            return
        self.http.check_enrolled()
        with explain_errors(repository.path):
            try:
                with limit_answers(Bounds(most_bytes=REFS_BYTES, longest_s=GIT_S)) as bounds:
                    repository.fetch(
                        *(self.http.url, self.http.token or "", self.http.pool, progress),
                        on_refs=lambda: setattr(bounds, "most_bytes", PACK_BYTES),
                    )
            except (ConnectionError, TimeoutError, ssl.SSLError, BoundsError) as error:
                raise UnreachableError(describe_git(self.http.url, error)) from error
            except (RegistryError, OSError):
                raise
            except Exception as error:  # dulwich raises many kinds of errors for a blocked or broken connection
                raise UnreachableError(describe_git(self.http.url, error)) from error

    def install(self, repository: Repository, item: Item) -> None:
        """Checks and installs a fetched version. Raises `RefusedError`, `DamagedError`, `FolderError`."""
        self.store.install(*self._read_listed(repository, item))

    def _read_listed(self, repository: Repository, item: Item) -> tuple[Installed, dict[str, bytes]]:
        """Checks a fetched version. Raises `RefusedError`, `DamagedError`."""
        if not repository.is_on_main(item.commit):
            raise RefusedError("its commit is not an approved version: it is not on main")
        tag = self.check(repository, VersionRef(item.id, item.name, item.version, item.commit))
        installed, contents = describe(item, tag, "signature"), repository.files(item.commit)
        check_contents(installed, contents)
        return installed, contents

    def get_older(self, name: str, version: int, manifest: Manifest) -> Installed:
        """Installs a version from the history, although the registry does not list it for this computer.

        Works offline if the history was fetched before. A damaged history is fetched again. Raises `RefusedError`,
        `UnreachableError`, `NotEnrolledError`, `FolderError`.
        """
        repository = Repository(self.home.repository(name))
        try:
            installed, contents = self._read_older(repository, name, version, manifest)
        except DamagedError:
            self._fetch_again(repository, name, version)
            try:
                installed, contents = self._read_older(repository, name, version, manifest)
            except DamagedError as error:
                raise UnreachableError(f"The history of {name} on this computer is damaged. Try again") from error
        self.store.install(installed, contents)
        return installed

    def _read_older(
        self, repository: Repository, name: str, version: int, manifest: Manifest
    ) -> tuple[Installed, dict[str, bytes]]:
        """Fetches and checks a version. Raises what `get_older` raises, and `DamagedError`."""
        tag = self._find_tag(repository, name, version)
        if tag is None or not repository.is_on_main(tag.commit):
            raise RefusedError(f"{name} has no version {version}")
        reason = manifest.revocation(tag.commit)
        if reason is not None:
            raise RefusedError(f"{name} v{version} was revoked: {reason}")
        newest = manifest.newest(name)
        fields = dict(newest.fields) if newest else self._last_fields(name)
        tag = self._check_attested(repository, VersionRef(int(fields.get("id", 0)), name, version, tag.commit))
        contents = repository.files(tag.commit)
        hashes = {path: sha256(content) for path, content in contents.items()}
        installed = Installed(
            id=int(fields.get("id", 0)),
            name=name,
            version=version,
            commit=tag.commit,
            files=hashes,
            approved_by=approvers(tag.record),
            checked_by="signature",
            permissions=permissions(tag, "signature"),
            fields=_index_fields({**fields, "version": version, "commit": tag.commit}),
        )
        return installed, contents

    def _fetch_again(self, repository: Repository, name: str, version: int) -> None:
        """Deletes a damaged history and fetches it again. Does nothing if another program has already fetched the
        history again.

        Raises `UnreachableError`, `NotEnrolledError`, `FolderError`. If the registry cannot be reached, keeps the
        history, because other versions in it may be undamaged.
        """
        with locked(self.home.lock(f"repository-{name}")):
            with contextlib.suppress(DamagedError):
                tag, _ = repository.tag(version), repository.attested()
                if tag is not None and repository.is_on_main(tag.commit) and repository.files(tag.commit):
                    return
            log.warning("The history of %s on this computer is damaged; it is fetched again", name)
            try:
                fetch_keys(self.http)
                with explain_errors(repository.path):
                    repository.discard()
                self._fetch(repository, None, None)
            except NotEnrolledError as error:
                raise NotEnrolledError(f"The history of {name} on this computer is damaged. {error}") from error
            except (UnreachableError, AnswerError, DamagedError) as error:
                raise UnreachableError(
                    f"The history of {name} on this computer is damaged. Connect to the network and try again ({error})"
                ) from error

    def _find_tag(self, repository: Repository, name: str, version: int) -> TagRecord | None:
        """The tag of a version. Asks the registry only if the tag is not on this computer.

        Raises `UnreachableError`, `NotEnrolledError`, `FolderError`, `DamagedError`.
        """
        if (repository.path / "HEAD").exists():
            tag = repository.tag(version)
            if tag is not None:
                return tag
        with locked(self.home.lock(f"repository-{name}")):
            try:
                self._fetch(repository, None, None)
                return repository.tag(version)
            except NotEnrolledError as error:
                raise NotEnrolledError(f"{name} v{version} is not on this computer. {error}") from error
            except UnreachableError as error:
                raise UnreachableError(f"{name} v{version} is not on this computer. {SYNC} ({error})") from error

    def _last_fields(self, name: str) -> dict[str, Any]:
        known = self.store.versions(name)
        return known[0].fields if known else {}

    def _check_attested(self, repository: Repository, ref: VersionRef) -> TagRecord:
        """As `check`. If the tag does not name its definition, fetches the history again, because it may lack
        the newest attestation.
        """
        try:
            return self.check(repository, ref)
        except UnattestedError as error:
            try:
                with locked(self.home.lock(f"repository-{ref.name}")):
                    self._fetch(repository, None, None)
            except (UnreachableError, NotEnrolledError):
                raise error from None
            return self.check(repository, ref)

    def check(self, repository: Repository, ref: VersionRef) -> TagRecord:
        """Returns the tag of the version. The registry has signed the tag, and it belongs to this version of this
        definition.

        Raises `RefusedError`, `DamagedError`.
        """
        return signed_tag(repository, ref, self.keys.check)


def fetch_keys(http: Http) -> list[dict[str, Any]]:
    """The registry's keys, newest first. Raises `UnreachableError`, `AnswerError`."""
    answer = http.json("GET", "/api/signing-keys?per_page=100")
    items = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise AnswerError("The registry's list of keys is not in a form that this version understands")
    return items


def describe(item: Item, tag: TagRecord | None, checked_by: str) -> Installed:
    """Describes a version to install. The approvers come from the tag if it has a record, and from the manifest
    otherwise.
    """
    record = tag.record if tag and tag.record else item.fields
    return Installed(
        id=item.id,
        name=item.name,
        version=item.version,
        commit=item.commit,
        files=dict(item.files),
        approved_by=approvers(record),
        checked_by=checked_by,
        permissions=permissions(tag, checked_by),
        fields=_index_fields(item.fields),
    )


def _index_fields(fields: Any) -> dict[str, Any]:
    left_out = ("files", "source_code", "approvals", "clone_url")
    return {key: value for key, value in dict(fields).items() if key not in left_out}
