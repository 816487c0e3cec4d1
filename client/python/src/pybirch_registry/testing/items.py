"""The results of tests, in the form that `pybirch-registry test --json` prints and the registry stores."""

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True)
class Item:
    """The result of one recording, test function or simulation."""

    name: str
    """The path of the recording (`tests/connect.jsonl`), pytest's name of the test, or `simulator`."""
    state: State
    seconds: float
    message: str | None = None
    """One sentence: why the item failed or was skipped."""
    difference: str | None = None
    """The first difference in words, in several lines: the step, what was expected, what was sent, and the line of the
    definition that sent it.
    """

    def as_dict(self) -> dict[str, Any]:
        """The item as JSON. Leaves out what is not there."""
        value: dict[str, Any] = {"name": self.name, "state": self.state, "seconds": round(self.seconds, 3)}
        for key in ("message", "difference"):
            text = getattr(self, key)
            if text is not None:
                value[key] = text
        return value


def overall(items: list[Item]) -> State:
    """The state of several items: `failed` if one failed, `skipped` if none passed."""
    states = {item.state for item in items}
    return "failed" if "failed" in states else "passed" if "passed" in states else "skipped"
