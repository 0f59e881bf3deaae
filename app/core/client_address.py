"""Whose address a request really comes from, with or without proxies in between."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks from CIDR texts or single addresses."""
    return tuple(ip_network(text) for text in texts)


def find_client(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """The first address from the right that is not a trusted proxy.

    `forwarded_for` holds the X-Forwarded-For headers in order. What a client writes there itself stands to the left
    of what the proxies add, so it is never reached; without trusted proxies the header is not read at all.
    """
    address = peer
    hops = hops_of(forwarded_for)
    while hops and _is_trusted(address, trusted):
        hop, _ = hops.pop()
        if not _is_address(hop):
            break
        address = hop
    return address


def limit_key(address: str) -> str:
    """Under what requests from an address are counted: itself, or its /64, which is one customer's, in IPv6."""
    if ":" not in address or not _is_address(address):
        return f"address:{address}"
    network = IPv6Network(address.partition("%")[0] + "/64", strict=False)
    return f"address:{network}"


def hops_of(forwarded_for: Sequence[str]) -> list[tuple[str, int]]:
    """The addresses in X-Forwarded-For headers, from left to right, each with its port or 0.

    Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. What a port may look like is what uvicorn takes for
    one (`int`), so that both read the same client out of any header.
    """
    return [_without_port(hop.strip()) for header in forwarded_for for hop in header.split(",")]


def _without_port(hop: str) -> tuple[str, int]:
    in_brackets, bracket, rest = hop[1:].partition("]")
    if hop.startswith("[") and bracket and rest[:1] in ("", ":"):
        return in_brackets, _port(rest[1:]) or 0
    host, _, text = hop.partition(":")
    port = _port(text) if hop.count(":") == 1 else None
    return (hop, 0) if port is None else (host, port)


def _port(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    if not trusted or not _is_address(address):
        return False
    parsed = ip_address(address)
    return any(parsed.version == network.version and parsed in network for network in trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
