"""HTTP to addresses that people gave us (RFC 9110): bounded in size and time, and never into our own network.

A name is resolved once, its addresses are checked, and the connection goes to the address that was checked: a name that
says something else a moment later changes nothing (DNS rebinding). Each redirect is a new address to check. Proxies of
the environment are not asked.
"""

import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from app.core.config import get_settings
from app.core.outbound_addresses import Address, Network, is_allowed, is_public, networks_of

PORTS = {"http": 80, "https": 443}
URL_MAX_LENGTH = 2000
ADDRESSES_TRIED = 3
_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Reserved characters and percent signs stand; everything else that is no plain ASCII is escaped (RFC 3986 §2).
_SAFE = "/:@!$&'()*+,;=-._~%?[]"
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?\.?|[0-9a-f:.]+")

Resolve = Callable[[str, int], list[str]]


class OutboundError(Exception):
    """The request did not succeed; `code` says why, constant for programs, `params` fill its text."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `host` is ASCII, `authorization` the header of the credentials that stood in the URL."""

    scheme: str
    host: str
    port: int
    path: str
    authorization: str | None = field(default=None, repr=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost, redirects included. Bytes are counted after unpacking.

    `tells_secrets`: it carries what nobody on the way may read, so that plain http goes to allowed networks only.
    """

    seconds: float
    max_bytes: int
    max_redirects: int
    allowed: tuple[Network, ...] = ()
    tells_secrets: bool = False

    @classmethod
    def of_settings(cls, max_bytes: int, *, tells_secrets: bool = False) -> "Limits":
        settings = get_settings()
        allowed = networks_of(settings.outbound_allowed_networks_list)
        seconds, redirects = settings.OUTBOUND_TIMEOUT_SECONDS, settings.OUTBOUND_MAX_REDIRECTS
        return cls(seconds, max_bytes, redirects, allowed, tells_secrets)


@dataclass(frozen=True, slots=True)
class Answer:
    """Names of headers are in lower case. `moved_to` is the new address after permanent redirects only."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    moved_to: str | None = None


def parse_url(url: str) -> Target:
    """The parts of an http or https URL; webcal is https.

    Raises:
        OutboundError: outbound_bad_url.
    """
    try:
        if not url.strip().isprintable():
            raise ValueError
        parts = urlsplit(url.strip())
        scheme = {"webcal": "https", "webcals": "https"}.get(parts.scheme.lower(), parts.scheme.lower())
        host = (parts.hostname or "").lower()
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
        port = parts.port or PORTS[scheme]
        if len(url) > URL_MAX_LENGTH or not _HOST.fullmatch(host) or len(host) > 253:
            raise ValueError
    except (ValueError, KeyError) as error:
        raise OutboundError("outbound_bad_url") from error
    path = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    authorization = None
    if parts.username is not None:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + b64encode(credentials.encode()).decode("ascii")
    return Target(scheme, host, port, path, authorization)


def check_receiver(url: str) -> None:
    """Refuse an address to which nothing of ours could be sent, as far as that is known without asking for its name.

    Raises:
        OutboundError: outbound_bad_url, outbound_plain_http, outbound_address_refused, outbound_port_refused.
    """
    target, limits = parse_url(url), Limits.of_settings(0, tells_secrets=True)
    if target.scheme == "http" and not limits.allowed:
        raise OutboundError("outbound_plain_http")
    with contextlib.suppress(ValueError):
        ip_address(target.host)
        checked_addresses(target, limits, lambda host, _: [host])


def shown_url(url: str) -> str:
    """What a log may say of a URL: path, query and credentials can each be the secret."""
    try:
        target = parse_url(url)
    except OutboundError:
        return "(no URL)"
    return f"{target.scheme}://{target.host_header}/…"


def resolve(host: str, port: int) -> list[str]:
    """The addresses behind a name, in the system's order.

    Raises:
        OSError: the name has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def request(
    method: str,
    url: str,
    limits: Limits,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    resolve: Resolve = resolve,
) -> Answer:
    """Send one request and read its answer, whatever its status. Only GET and HEAD follow redirects.

    Credentials of the URL go to its own origin only.

    Raises:
        OutboundError: outbound_bad_url, outbound_name_unknown, outbound_address_refused, outbound_port_refused,
            outbound_unreachable, outbound_tls, outbound_timeout, outbound_too_large, outbound_too_many_redirects,
            outbound_encoding, or outbound_protocol for an answer that is no HTTP.
    """
    deadline = time.monotonic() + limits.seconds
    is_permanent, hops = True, 0
    target = first = parse_url(url)
    authorization = first.authorization
    while True:
        own = {"Host": target.host_header, "Accept-Encoding": "gzip", "Connection": "close", **(headers or {})}
        if authorization:
            own["Authorization"] = authorization
        with _connected(target, limits, deadline, resolve) as connection:
            answer = _exchange(connection, method, target, own, body, limits)
        if answer.status not in _REDIRECTS or "location" not in answer.headers or method not in ("GET", "HEAD"):
            moved = url if hops and is_permanent else None
            return Answer(answer.status, answer.headers, answer.body, moved)
        if hops == limits.max_redirects:
            raise OutboundError("outbound_too_many_redirects", limit=limits.max_redirects)
        hops += 1
        is_permanent = is_permanent and answer.status in (301, 308)
        url = urljoin(f"{target.scheme}://{target.host_header}{target.path}", answer.headers["location"])
        target = parse_url(url)
        if target.origin != first.origin:
            authorization = target.authorization
            headers = {name: value for name, value in (headers or {}).items() if name.lower() != "authorization"}


def checked_addresses(target: Target, limits: Limits, resolve: Resolve = resolve) -> list[Address]:
    """The addresses to which a request for `target` may go.

    Raises:
        OutboundError: outbound_name_unknown, outbound_address_refused, outbound_port_refused.
    """
    try:
        found: list[Address] = [ip_address(text.partition("%")[0]) for text in resolve(target.host, target.port)]
    except (OSError, ValueError) as error:
        raise OutboundError("outbound_name_unknown", host=target.host) from error
    inner = [address for address in found if is_allowed(address, limits.allowed)]
    public = [address for address in found if address not in inner and is_public(address)]
    if target.port != PORTS[target.scheme] and public and not inner:
        raise OutboundError("outbound_port_refused", port=target.port)
    stays_inside = target.port != PORTS[target.scheme] or (limits.tells_secrets and target.scheme == "http")
    usable = inner if stays_inside else [*inner, *public]
    if not usable:
        raise OutboundError("outbound_address_refused", host=target.host)
    return usable[:ADDRESSES_TRIED]


@contextlib.contextmanager
def _connected(
    target: Target, limits: Limits, deadline: float, resolve: Resolve
) -> Iterator[http.client.HTTPConnection]:
    """A connection to one of the checked addresses, which is cut off at the deadline whatever it is doing."""
    held = _open_socket(checked_addresses(target, limits, resolve), target, deadline)
    is_over = threading.Event()

    def cut_off() -> None:
        is_over.set()
        with contextlib.suppress(OSError):
            # Not the TLS socket's own, which would take its state away from the thread that reads.
            socket.socket.shutdown(held, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, deadline - time.monotonic()), cut_off)
    timer.daemon = True
    timer.start()
    connection = http.client.HTTPConnection(target.host, target.port)
    try:
        if target.scheme == "https":
            # The handshake comes after the assignment, so that it can be cut off too.
            held = secured = _tls().wrap_socket(held, server_hostname=target.host, do_handshake_on_connect=False)
            secured.do_handshake()
        connection.sock = held
        yield connection
        if is_over.is_set():
            raise OutboundError("outbound_timeout", seconds=limits.seconds)
    except (ssl.SSLError, OSError, http.client.HTTPException, ValueError) as error:
        if is_over.is_set() or isinstance(error, TimeoutError):
            raise OutboundError("outbound_timeout", seconds=limits.seconds) from error
        if isinstance(error, ssl.SSLError):
            raise OutboundError("outbound_tls", host=target.host) from error
        code = "outbound_unreachable" if isinstance(error, OSError) else "outbound_protocol"
        raise OutboundError(code, host=target.host) from error
    finally:
        timer.cancel()
        connection.close()
        held.close()


def _open_socket(addresses: list[Address], target: Target, deadline: float) -> socket.socket:
    failure: OSError | None = None
    for place, address in enumerate(addresses):
        patience = (deadline - time.monotonic()) / (len(addresses) - place)
        if patience <= 0:
            break
        try:
            opened = socket.create_connection((str(address), target.port), timeout=patience)
        except OSError as error:
            failure = error
            continue
        opened.settimeout(max(0.1, deadline - time.monotonic()))
        return opened
    code = "outbound_unreachable" if failure and not isinstance(failure, TimeoutError) else "outbound_timeout"
    raise OutboundError(code, host=target.host, seconds=get_settings().OUTBOUND_TIMEOUT_SECONDS) from failure


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    target: Target,
    headers: Mapping[str, str],
    body: bytes | None,
    limits: Limits,
) -> Answer:
    connection.putrequest(method, target.path, skip_host=True, skip_accept_encoding=True)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    # Of a header that is there twice, the first counts.
    answered = {name.lower(): value for name, value in reversed(response.getheaders())}
    if response.status in _REDIRECTS and method in ("GET", "HEAD"):
        return Answer(response.status, answered, b"")
    return Answer(response.status, answered, _read_body(response, answered.get("content-encoding", ""), limits))


def _read_body(response: http.client.HTTPResponse, encoding: str, limits: Limits) -> bytes:
    """The body, unpacked as it arrives, so that what is small when packed ends at the same bound."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise OutboundError("outbound_encoding", encoding=encoding[:40])
    unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16) if "gzip" in encoding else None
    parts: list[bytes] = []
    size = 0
    while chunk := response.read(_CHUNK):
        try:
            part = unpack.decompress(chunk, limits.max_bytes - size + 1) if unpack else chunk
        except zlib.error as error:
            raise OutboundError("outbound_encoding", encoding=encoding) from error
        size += len(part)
        if size > limits.max_bytes:
            raise OutboundError("outbound_too_large", limit=limits.max_bytes)
        parts.append(part)
    if unpack and parts and not unpack.eof:
        raise OutboundError("outbound_encoding", encoding=encoding)
    return b"".join(parts)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
