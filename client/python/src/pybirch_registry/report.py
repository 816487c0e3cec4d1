"""The report of a sync, and the function that reports its progress."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from .text import make_visible

Progress = Callable[[int, int, str], None]
"""A function that gets the number of finished versions, the number of all versions, and the label of the version that
was finished last.
"""


@dataclass
class SyncReport:
    """The result of a sync. Versions have labels such as `SR830 v3`."""

    online: bool = True
    unchanged: bool = False
    came: list[str] = field(default_factory=list)
    stayed: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """The reasons for refusing versions, by their labels."""
    retry: list[str] = field(default_factory=list)
    """The refused versions that a later sync may install, because the connection failed or the disk was full."""
    revoked: dict[str, str] = field(default_factory=dict)
    """The revoked versions on this computer, with the reasons."""
    known: list[str] = field(default_factory=list)
    """The revoked versions that an earlier sync reported and that no program here uses."""
    sent: int = 0
    """How many settings and bindings the registry accepted."""
    waiting: int = 0
    warnings: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Names that the user asked for and that the registry does not list for this computer."""

    @property
    def ok(self) -> bool:
        return self.online and not self.refused and not self.unknown

    def as_dict(self) -> dict[str, Any]:
        return {"ok": self.ok, **asdict(self)}

    def make_visible(self) -> "SyncReport":
        """Makes all texts safe for a terminal, because other people wrote parts of them. Returns the report itself."""
        self.warnings = [make_visible(text) for text in self.warnings]
        self.unknown = [make_visible(name) for name in self.unknown]
        for reasons in (self.refused, self.revoked):
            reasons.update({label: make_visible(why) for label, why in reasons.items()})
        return self
