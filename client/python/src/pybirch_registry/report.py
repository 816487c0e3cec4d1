"""What a sync did, and how it reports its progress."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from .text import visible

Progress = Callable[[int, int, str], None]
"""Called with how many versions are done, how many there are, and the label of the last."""


@dataclass
class SyncReport:
    """What a sync did. Labels are like `SR830 v3`."""

    online: bool = True
    unchanged: bool = False
    came: list[str] = field(default_factory=list)
    stayed: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Why, by label."""
    retry: list[str] = field(default_factory=list)
    """Those of the refused that did not get through, or found no room on the disk: another attempt may bring them."""
    revoked: dict[str, str] = field(default_factory=dict)
    """Versions on this computer that no longer count, with the reason."""
    known: list[str] = field(default_factory=list)
    """Those of the revoked that an earlier sync told of, and that nothing here uses."""
    sent: int = 0
    """Settings and bindings that the registry took."""
    waiting: int = 0
    warnings: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Names that were asked for, and that the registry lists no definition of for this computer."""

    @property
    def ok(self) -> bool:
        return self.online and not self.refused and not self.unknown

    def as_dict(self) -> dict[str, Any]:
        return {"ok": self.ok, **asdict(self)}

    def make_visible(self) -> "SyncReport":
        """Itself, with all texts fit for a terminal: much in them was written by others."""
        self.warnings = [visible(text) for text in self.warnings]
        self.unknown = [visible(name) for name in self.unknown]
        for reasons in (self.refused, self.revoked):
            reasons.update({label: visible(why) for label, why in reasons.items()})
        return self
