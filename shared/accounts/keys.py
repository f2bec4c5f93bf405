"""Where the things of accounts lie in the table: the only place that spells its keys."""

TOKEN_SK = "TOKEN"
PROFILE_SK = "PROFILE"
WEBHOOK_SECRET_SK = "WEBHOOK_SECRET"
USERS_PK = "USERS"
TOKEN_PREFIX = "TOKEN#"


def token_pk(digest: str) -> str:
    """A credential by the digest of its secret: what the authorizer reads."""
    return f"TOKEN#{digest}"


def token_id_pk(token_id: str) -> str:
    """Whose a token is, by its public id."""
    return f"TOKEN_ID#{token_id}"


def user_pk(user_id: str) -> str:
    """A user's profile, tokens and webhook secret."""
    return f"USER#{user_id}"


def user_token_sk(token_id: str) -> str:
    """A token in its user's list; token ids are ULIDs, so the list is in order of birth."""
    return f"{TOKEN_PREFIX}{token_id}"


def device_pk(serial: str) -> str:
    """The one live token of a device."""
    return f"DEVICE#{serial}"
