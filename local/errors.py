"""The one error of the local cloud: something the person at the terminal can act on."""


class LocalCloudError(Exception):
    """A sentence for the terminal; `__main__` prints it without a traceback and exits 1."""
