"""The enrolment of this computer and the HTTP connection that uses it."""

from .api import Http
from .home import Enrolment, Home


class Connection:
    """Several objects of a program share one connection, so that all of them use a new enrolment at once."""

    def __init__(self, home: Home, enrolment: Enrolment) -> None:
        self.home = home
        self.enrolment = enrolment
        self._http: Http | None = None

    @property
    def http(self) -> Http:
        """The HTTP connection to the registry, which is made on first use."""
        if self._http is None:
            self._http = Http(self.enrolment.url, self.enrolment.token)
        return self._http

    def renew(self) -> bool:
        """Uses a newer enrolment that another program has saved. Returns whether there was a newer enrolment."""
        fresh = self.home.enrolment()
        if fresh == self.enrolment:
            return False
        self.enrolment, self._http = fresh, None
        return True
