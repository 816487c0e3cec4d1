"""The errors of this package, with texts for lab users. `code` is for programs, `exit_code` for the shell."""

from typing import ClassVar

from .text import make_visible


class RegistryError(Exception):
    """The parent of every error that this package raises."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        """The text of the error without control characters. The text may contain names and reasons that other
        people wrote.
        """
        return make_visible(super().__str__())


class NotEnrolledError(RegistryError):
    """This computer has no enrolment, or the registry no longer accepts it."""

    code = "not_enrolled"
    exit_code = 3


class UnreachableError(RegistryError):
    """The registry gave no answer or reported an internal error (`status`), or something else answered in its place."""

    code = "unreachable"
    exit_code = 4

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class AnswerError(RegistryError):
    """The registry answered with an error (`status`) or with something unexpected."""

    code = "bad_answer"

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class RefusedError(RegistryError):
    """A version must not run here, because it is not approved, was revoked or edited, or is not the listed one."""

    code = "refused"
    exit_code = 5


class UnknownDefinitionError(RegistryError):
    """This computer knows no such definition, version or instrument."""

    code = "unknown"


class AddressError(RegistryError, ValueError):
    """The given address cannot be an instrument's address."""

    code = "address"


class FolderError(RegistryError):
    """The folder on this computer cannot be read or written."""

    code = "folder"
    exit_code = 6


class ConstructionError(RegistryError):
    """The class of a definition cannot be constructed with the given arguments."""

    code = "construction"


class GuardError(RegistryError, PermissionError):
    """A definition tried something that the import guard refuses. The error is also an `OSError`, so that
    libraries handle it as they handle other operating system errors.
    """

    code = "guard"


class BannedImportError(RegistryError, ImportError):
    """A definition imports a module that its lab does not allow."""

    code = "guard"
