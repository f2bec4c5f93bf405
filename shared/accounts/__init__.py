"""Users and the credentials by which they, their programs and devices are known.

Stores digests of tokens, never tokens. Does not decide what a caller may do with
other features' data: that is theirs.
"""

from shared.accounts.credentials import Credential, find_credential
from shared.accounts.device_tokens import issue_device_token, revoke_device_token
from shared.accounts.errors import TokenNotFound, UserExists, UserNotFound
from shared.accounts.signing_secrets import RotatedSecret, rotate_webhook_secret, webhook_secrets
from shared.accounts.token_uses import TokenUse, needs_recording, record_token_use
from shared.accounts.tokens import (
    IssuedToken,
    Token,
    TokenKind,
    TokenRequest,
    find_token,
    issue_token,
    list_tokens,
    revoke_token,
)
from shared.accounts.users import User, create_user, find_user, list_users

__all__ = [
    "Credential",
    "IssuedToken",
    "RotatedSecret",
    "Token",
    "TokenKind",
    "TokenNotFound",
    "TokenRequest",
    "TokenUse",
    "User",
    "UserExists",
    "UserNotFound",
    "create_user",
    "find_credential",
    "find_token",
    "find_user",
    "issue_device_token",
    "issue_token",
    "list_tokens",
    "list_users",
    "needs_recording",
    "record_token_use",
    "revoke_device_token",
    "revoke_token",
    "rotate_webhook_secret",
    "webhook_secrets",
]
