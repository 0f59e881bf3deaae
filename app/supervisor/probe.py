"""Asking the API whether it is there, with nothing but a socket."""

import socket

from app.core.config import Settings

PROBE_SECONDS = 1.0
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


def reachable_host(host: str) -> str:
    """The address under which this machine itself reaches a server that listens on `host`."""
    return ANY_ADDRESS.get(host, host)


def base_url(settings: Settings) -> str:
    """The API's address for the person at this machine."""
    host = reachable_host(settings.PLANNER_HOST)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PLANNER_PORT}"


def host_header(settings: Settings) -> str:
    """A Host header that the API accepts, whatever ALLOWED_HOSTS says."""
    allowed = settings.allowed_hosts_list
    if "*" in allowed:
        return base_url(settings).removeprefix("http://")
    return allowed[0].replace("*", "planner")


def api_answers(settings: Settings) -> bool:
    """Whether GET /livez answers with success within a second."""
    request = f"GET /livez HTTP/1.1\r\nHost: {host_header(settings)}\r\nConnection: close\r\n\r\n"
    address = (reachable_host(settings.PLANNER_HOST), settings.PLANNER_PORT)
    try:
        with socket.create_connection(address, PROBE_SECONDS) as connection:
            connection.settimeout(PROBE_SECONDS)
            connection.sendall(request.encode())
            status = connection.makefile("rb").readline(200)
    except OSError:
        return False
    return status.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2"))
