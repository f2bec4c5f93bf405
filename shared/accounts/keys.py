"""Where the things of accounts lie in the table: the only place that spells its keys."""

from shared.ids import user_partition

TOKEN_SK = "TOKEN"
PROFILE_SK = "PROFILE"
WEBHOOK_SECRET_SK = "WEBHOOK_SECRET"
# What is left of an account that was erased: that it was, and when.
ERASED_SK = "ERASED"
# Erasures of accounts that are under way.
ERASURES_PK = "ERASURES"
USERS_PK = "USERS"
TOKEN_PREFIX = "TOKEN#"
CHILD_PREFIX = "CHILD#"
# Revocations of a token with its children that are not carried out to the end.
REVOCATIONS_PK = "REVOCATIONS"


def token_pk(digest: str) -> str:
    """A credential by the digest of its secret: what the authorizer reads."""
    return f"TOKEN#{digest}"


def token_id_pk(token_id: str) -> str:
    """Whose a token is, by its public id, and which live tokens it made."""
    return f"TOKEN_ID#{token_id}"


def child_sk(child: str) -> str:
    """A live token among those that a token made: its id, or `device_child` of a serial."""
    return f"{CHILD_PREFIX}{child}"


def device_child(serial: str) -> str:
    """How a device's token is called among the children of a token."""
    return f"DEVICE#{serial}"


def user_pk(user_id: str) -> str:
    """A user's profile, tokens and webhook secret."""
    return user_partition(user_id)


def user_token_sk(token_id: str) -> str:
    """A token in its user's list; token ids are ULIDs, so the list is in order of birth."""
    return f"{TOKEN_PREFIX}{token_id}"


def device_pk(serial: str) -> str:
    """The one live token of a device."""
    return f"DEVICE#{serial}"


def audit_pk(month: str) -> str:
    """What was done in a month (UTC, `YYYY-MM`)."""
    return f"AUDIT#{month}"
