"""The keys under which the devices table keeps what changes of a device."""


def presence_key(serial: str) -> tuple[str, str]:
    """Where it is kept what a device said last, what it holds, and how its jobs went."""
    return f"DEVICE#{serial}", "PRESENCE"
