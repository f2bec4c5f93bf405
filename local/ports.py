"""TCP ports on the loopback interface: whether one is free, and finding one that is."""

import socket
from pathlib import Path

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        # As servers do: a port in TIME_WAIT after a restart is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def remembered_port(file: Path) -> int:
    """The port noted in a file while it is free, else a new one, noted."""
    text = file.read_text().strip() if file.exists() else ""
    if text.isdecimal() and is_free(int(text)):
        return int(text)
    port = free_port()
    file.write_text(f"{port}\n")
    return port
