"""Loads versions from a data folder. Before loading a version, repeats the checks of the sync."""

import importlib
from collections.abc import Callable

from . import alarm
from .api import Http
from .approved import Approved, package_name
from .errors import RefusedError, UnknownDefinitionError
from .files import sha256
from .guard import Policy, guarded_builtins, watch
from .home import Home
from .manifest import SYNC, Manifest, ManifestFile
from .proof import VersionRef
from .repository import DamagedError, Repository
from .store import Installed, Store
from .text import logger
from .trust import Trust
from .versions import Versions

log = logger(__name__)


class Library:
    """A `Provider` (see approved.py) that caches versions by commit, so that a process loads each version once."""

    def __init__(self, home: Home | None = None, manifest: Callable[[], Manifest] | None = None) -> None:
        self.home = home or Home()
        self.store = Store(self.home)
        self._manifest = manifest or ManifestFile(self.home).read
        self._approved: dict[tuple[str, str], Approved] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Library) and other.home.root == self.home.root

    def __hash__(self) -> int:
        return hash(self.home.root)

    def find_approved(self, name: str, commit: str) -> Approved | None:
        """Finds a version; see `Provider`. A version that was loaded stays the same, even if its folder changes."""
        found = self._approved.get((name, commit))
        if found is None:
            # This takes no lock. Python holds an import lock when it calls this method, and the check needs import
            # locks too. If two threads check a version, the first result counts.
            fresh = self._check(name, commit)
            if fresh is not None:
                found = self._approved.setdefault((name, commit), fresh)
                alarm.watch(self)
        return found

    def revoked(self) -> list[tuple[Installed, str]]:
        """Returns the loaded versions that are revoked now, and the reasons. See `alarm.Loaded`."""
        listed = self._manifest()
        loaded = [approved.installed for approved in list(self._approved.values())]
        return [(one, reason) for one in loaded if (reason := listed.revocation(one.commit)) is not None]

    def load(self, name: str, commit: str) -> type:
        """Returns the class `<Name>` of a version.

        Raises `RefusedError`, `UnknownDefinitionError`, or any error that the definition's code raises.
        """
        if self.find_approved(name, commit) is None:
            raise UnknownDefinitionError(f"{name} at {commit[:12]} is not on this computer. Run: pybirch-registry sync")
        module = importlib.import_module(f"{package_name(name, commit)}.{name}")
        cls = getattr(module, name, None)
        if not isinstance(cls, type):
            raise RefusedError(f"{name}.py contains no class {name}")
        return cls

    def _check(self, name: str, commit: str) -> Approved | None:
        installed = self.store.read(name, commit)
        if installed is None:
            return None
        label = f"{name} v{installed.version}"
        listed = self._manifest()
        reason = listed.revocation(commit)
        if reason is not None:
            raise RefusedError(f"{label} was revoked: {reason}")
        self._prove(installed, listed)
        folder = self.store.folder(name, commit)
        fault = self.store.fault(name, commit)
        if fault is not None:
            raise RefusedError(f"{label} is not run: {fault}")
        sources = {p: (folder / p).read_bytes() for p in installed.files if p.endswith(".py")}
        if any(sha256(content) != installed.files[p] for p, content in sources.items()):
            raise RefusedError(f"{label} is not run: {folder} is being changed")
        siblings = {p.partition("/")[0].removesuffix(".py") for p in sources} - {"__init__"}
        package = package_name(name, commit)
        policy = Policy.of(listed.policy).with_permissions(installed.permissions)
        builtins, gate = guarded_builtins(label, package, frozenset(siblings), policy)
        watch(builtins, gate, label, str(folder), policy)
        return Approved(installed, folder.resolve(), sources, builtins)

    def _prove(self, installed: Installed, listed: Manifest) -> None:
        """Checks that a version belongs to the definition of its name. Older versions of this package did not make this
        check.

        Raises `RefusedError`. Before the first signed list, every version is accepted, because there is nothing to
        compare with.
        """
        name, version, commit = installed.name, installed.version, installed.commit
        known = {(item.name, item.commit): dict(item.files) for item in listed.items}
        is_listed = known.get((name, commit)) == dict(installed.files)
        if is_listed or installed.checked_by == "list" or Trust(self.home).newest() is None:
            return
        enrolment = self.home.enrolment()
        versions = Versions(self.home, enrolment, Http(enrolment.url), self.store, keys=lambda: enrolment.signing_keys)
        try:
            versions.check(Repository(self.home.repository(name)), VersionRef(installed.id, name, version, commit))
        except (RefusedError, DamagedError) as error:
            raise RefusedError(f"{name} v{version} is not run: {error}. {SYNC}") from error
