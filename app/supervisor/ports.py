"""Free ports for the embedded servers, and who sits on a port that is wanted."""

import errno
import random
import socket

import psutil

from app.supervisor.errors import PortTaken

LOOPBACK = "127.0.0.1"
# Below the range from which Linux and macOS take the ports of outgoing connections, so that a kept port is
# rarely taken by one of them at the next start.
FIRST_PORT, LAST_PORT = 20_000, 29_999
ATTEMPTS = 200


def _listen_error(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As servers do: a connection of the last run that is still winding down is no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        return error
    return None


def is_free(port: int, host: str = LOOPBACK) -> bool:
    return _listen_error(host, port) is None


def free_port() -> int:
    """A port on which nothing listens at this moment.

    Raises:
        PortTaken: none was found.
    """
    chooser = random.SystemRandom()
    for _ in range(ATTEMPTS):
        port = chooser.randint(FIRST_PORT, LAST_PORT)
        if is_free(port):
            return port
    raise PortTaken(f"No free port between {FIRST_PORT} and {LAST_PORT} was found on {LOOPBACK}.")


def require_free(host: str, port: int) -> None:
    """Check that the API can listen.

    Raises:
        PortTaken: it cannot; the message names the settings to change.
    """
    error = _listen_error(host, port)
    if error is None:
        return
    if error.errno == errno.EADDRINUSE:
        raise PortTaken(
            f"Port {port} on {host} is taken by another program{_listener(port)}. "
            "Set PLANNER_PORT to a free port, for example: PLANNER_PORT=8001"
        )
    if error.errno == errno.EACCES:
        raise PortTaken(f"This user may not listen on port {port}. Set PLANNER_PORT to a port above 1023.")
    raise PortTaken(
        f"Cannot listen on {host}: {error.strerror}. Set PLANNER_HOST to an address of this machine "
        "(127.0.0.1 for this machine alone, 0.0.0.0 for all its addresses)."
    )


def _listener(port: int) -> str:
    """The program on a port as " (name, pid 1)", or nothing where the system does not tell."""
    try:
        for connection in psutil.net_connections("tcp"):
            here = getattr(connection.laddr, "port", None) == port
            if here and connection.status == psutil.CONN_LISTEN and connection.pid:
                return f" ({psutil.Process(connection.pid).name()}, pid {connection.pid})"
    except psutil.Error:
        pass
    return ""
