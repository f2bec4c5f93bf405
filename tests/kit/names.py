"""Names of a test's cases that a person can read."""


def short(value: object) -> str:
    """The beginning of a value, for `ids=` of cases that are very long."""
    return repr(value)[:30]
