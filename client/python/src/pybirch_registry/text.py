"""Text that others wrote, made fit for a terminal: whatever moves the cursor, hides or reorders letters is escaped."""

import logging
import unicodedata

BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks, as far as Unicode's categories go, that show nothing."""


def visible(text: str, keep: str = "") -> str:
    """The text with control, format (bidirectional, zero-width), separating and invisible characters written as Python
    writes them in a string (`\\x1b`, `\\u202e`). Those in `keep` stay."""
    if text.isprintable() and BLANKS.isdisjoint(text):
        return text
    return "".join(c if c in keep or _shows(c) else _escape(c) for c in text)


def _shows(char: str) -> bool:
    return (char.isprintable() and char not in BLANKS) or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    number = ord(char)
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


class _Visible(logging.Filter):
    """Makes the message of a record visible before any handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = visible(record.getMessage()), None
        return True


def logger(name: str) -> logging.Logger:
    """The logger of a module of this package; all of them are made here."""
    found = logging.getLogger(name)
    if not any(isinstance(one, _Visible) for one in found.filters):
        found.addFilter(_Visible())
    return found
