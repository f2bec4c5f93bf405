"""Acknowledges each piece of a stream at once, so that it is seen when it was sent.

A server that keeps Nagle's algorithm holds a small piece back until the one before is acknowledged,
and a client's kernel waits with that for up to 40 ms on a connection that is in use for longer
(RFC 1122, 4.2.3.2). Tokens then seem to come in lumps, the first one late.
"""

import socket
from collections.abc import Callable
from contextlib import suppress

import httpx


def acknowledging(stream: httpx.Response) -> Callable[[], None]:
    """To be called after each piece. Does nothing where a system has no such option."""
    network = stream.extensions.get("network_stream")
    wire = None if network is None else network.get_extra_info("socket")
    option = getattr(socket, "TCP_QUICKACK", None)

    def acknowledge() -> None:
        if wire is not None and option is not None:
            # The kernel takes the option back by itself, so it is set each time.
            with suppress(OSError):
                wire.setsockopt(socket.IPPROTO_TCP, option, 1)

    acknowledge()
    return acknowledge
