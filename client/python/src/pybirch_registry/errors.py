"""What can go wrong, in words for a lab user; `code` names it for programs, `exit_code` for the shell."""

from typing import ClassVar

from .text import visible


class RegistryError(Exception):
    """The parent of every error that this package raises."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        """Names and reasons that others wrote are part of it: fit for a terminal."""
        return visible(super().__str__())


class NotEnrolledError(RegistryError):
    """This computer has no enrolment, or the registry no longer accepts it."""

    code = "not_enrolled"
    exit_code = 3


class UnreachableError(RegistryError):
    """No answer from the registry, an answer that is not the registry's, or one (`status`) that it has trouble."""

    code = "unreachable"
    exit_code = 4

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class AnswerError(RegistryError):
    """The registry answered with an error (`status`) or with something that it never answers."""

    code = "bad_answer"

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class RefusedError(RegistryError):
    """A version must not run here: not approved, revoked, edited, or not what the registry lists."""

    code = "refused"
    exit_code = 5


class UnknownDefinitionError(RegistryError):
    """No such definition, version or instrument is known on this computer."""

    code = "unknown"


class AddressError(RegistryError, ValueError):
    """What was given as an instrument's address cannot be one."""

    code = "address"


class FolderError(RegistryError):
    """The folder on this computer cannot be read or written."""

    code = "folder"
    exit_code = 6


class ConstructionError(RegistryError):
    """The class of a definition cannot be constructed with what is known."""

    code = "construction"


class GuardError(RegistryError, PermissionError):
    """A definition tried what the import guard refuses. Also an `OSError`, so that libraries treat it as one."""

    code = "guard"


class BannedImportError(RegistryError, ImportError):
    """A definition imports what its lab does not allow."""

    code = "guard"
