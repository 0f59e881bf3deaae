"""What can go wrong around the servers; every text is written for the person at the terminal."""


class SupervisorError(Exception):
    """Planner cannot start or go on; the message says why and what to do."""


class AlreadyRunning(SupervisorError):
    """Another process holds this PLANNER_HOME."""


class PortTaken(SupervisorError):
    """The address of the API cannot be listened on."""


class ServerFailed(SupervisorError):
    """A server did not start, or does not answer."""
