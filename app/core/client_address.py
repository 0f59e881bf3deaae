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
    hops = [hop.strip() for header in forwarded_for for hop in header.split(",")]
    while hops and _is_trusted(address, trusted):
        hop = hops.pop()
        if not _is_address(hop):
            break
        address = hop
    return address


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
