"""Makes recordings of what labs already have: tests with expected protocols, and logs of traffic."""

from .convert import ImportedError, convert
from .sources import Session, file_name, read_sessions

__all__ = ["ImportedError", "Session", "convert", "file_name", "read_sessions"]
