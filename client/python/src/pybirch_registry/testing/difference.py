"""The first difference between a recording and what a definition does."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """The line of the definition that sent or read."""

    file: str
    line: int
    source: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Difference(BaseException):
    """A definition does not do what the recording says.

    This is no `Exception`, so that a definition that handles all errors does not hide it.
    """

    def __init__(self, step: str, expected: str, given: str, place: Place | None = None) -> None:
        """`step` names the step and its line in the recording. `expected` says what should have happened, and `given`
        what happened, as in `sent "*IDN?"`.
        """
        self.step, self.expected, self.given, self.place = step, expected, given, place
        self.sent: bytes | None = None
        """The message that was sent, if another one was wanted."""
        self.wanted: bytes | None = None
        self.origin: Place | None = None
        """The line with the text that was sent and not wanted, if it is another line than `place`."""
        super().__init__(step, expected, given, place)

    def __str__(self) -> str:
        """One sentence."""
        places = [str(one) for one in (self.place, self.origin) if one]
        return f"{self.step}: {self.given}; expected: {self.expected}" + (f" ({', '.join(places)})" if places else "")

    @property
    def lines(self) -> str:
        """The difference in several lines."""
        rows = [f"at       {self.step}", f"expected {self.expected}", f"but      {self.given}"]
        if self.place:
            rows.append(f"in       {self.place}" + (f"  {self.place.source}" if self.place.source else ""))
        if self.origin:
            rows.append(f"text in  {self.origin}  {self.origin.source}")
        return "\n".join(rows)

    def at(self, place: Place | None) -> "Difference":
        """The same difference with its place."""
        other = Difference(self.step, self.expected, self.given, place)
        other.sent, other.wanted = self.sent, self.wanted
        return other


LONGEST = 120


def quote(data: bytes) -> str:
    """Bytes in words: text in quotes, or hexadecimal digits."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    if all(char.isprintable() or char in "\r\n\t" for char in text):
        shown = text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
        return f'"{shown}"' if len(shown) <= LONGEST else f'"{shown[:LONGEST]}…" ({len(data)} bytes)'
    digits = data[: LONGEST // 3].hex(" ")
    return f"bytes {digits}" + (f"… ({len(data)} bytes)" if len(data) > LONGEST // 3 else "")


def compare(expected: bytes, given: bytes) -> str:
    """Says where two messages differ, as a remark to add to the second one."""
    stripped = expected.rstrip(b"\r\n"), given.rstrip(b"\r\n")
    if stripped[0] == stripped[1]:
        return " (the terminators differ)"
    at = next((i for i, (one, other) in enumerate(zip(expected, given, strict=False)) if one != other), None)
    short = min(len(expected), len(given))
    if max(len(expected), len(given)) <= 12:
        return ""
    return f" (they differ from byte {(short if at is None else at) + 1} on)"
