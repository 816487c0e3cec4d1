"""Makes text from other people safe for a terminal. Escapes characters that move the cursor, or hide or reorder
letters.
"""

import logging
import unicodedata

BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Invisible characters that Unicode calls letters or marks."""


def make_visible(text: str, keep: str = "") -> str:
    """Escapes control, format (bidirectional, zero-width), separating and invisible characters as Python does in a
    string literal. Keeps the characters in `keep`.
    """
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
    """Makes the message of a log record visible before a handler gets it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = make_visible(record.getMessage()), None
        return True


def logger(name: str) -> logging.Logger:
    """The logger of a module. Every module of this package gets its logger here."""
    found = logging.getLogger(name)
    if not any(isinstance(one, _Visible) for one in found.filters):
        found.addFilter(_Visible())
    return found
