"""Which addresses may be called: a webhook must not reach into the network that the service itself stands in."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv6Address, IPv6Network, ip_address

import httpx

SCHEMES = ("http", "https")
RESOLVERS = ThreadPoolExecutor(64, "resolve")
"""Threads of their own, and many: names that are slow to be found must not keep others from being looked up."""
NAT64 = IPv6Network("64:ff9b::/96")


class Blocked(Exception):
    """The address cannot be called."""


class Private(Blocked):
    """The address lies in a network of its own."""


def is_public(address: str) -> bool:
    """Tells whether an IP address belongs to the open network, whatever form it is written in."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and (inner := _inside(ip)):
        return is_public(inner)
    return ip.is_global and not ip.is_multicast


def _inside(ip: IPv6Address) -> str:
    """Returns the IPv4 address that an IPv6 address stands for; empty when it stands for itself."""
    if ip in NAT64:
        return str(ip_address(int(ip) & 0xFFFFFFFF))
    found = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
    return str(found) if found else ""


def parsed(url: str) -> httpx.URL:
    """Reads the address of a webhook; raises ValueError unless it is http or https, names a host, and no user."""
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error
    if found.scheme not in SCHEMES or not found.host or found.userinfo:
        raise ValueError("http or https, a host, and no user in it")
    return found


async def place(url: httpx.URL, *, allow_private: bool) -> str:
    """Returns the IP address to call for a URL; raises Blocked when one that it stands for must not be called.

    Whoever calls must call that address: a name could stand for another one the next time.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    look_up = partial(socket.getaddrinfo, url.host, port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.get_running_loop().run_in_executor(RESOLVERS, look_up)
    except OSError as error:
        raise Blocked(f"{url.host} cannot be found") from error
    addresses = [str(each[4][0]) for each in found]
    if not allow_private and not all(map(is_public, addresses)):
        raise Private(f"{url.host} stands for a private address")
    return addresses[0]
