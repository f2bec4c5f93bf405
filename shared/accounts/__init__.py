"""Users and the credentials by which they, their programs and devices are known.

Stores digests of tokens, never tokens. Does not decide what a caller may do with
other features' data: that is theirs.
"""

from shared.accounts.audit import Audit, AuditEntry, list_audit
from shared.accounts.credentials import Credential, find_credential
from shared.accounts.device_tokens import (
    MAX_OVERLAP_S,
    issue_device_token,
    revoke_device_token,
)
from shared.accounts.erasing import Erasing
from shared.accounts.erasure import AccountStatus, account_status, begin_erasure, no_such_user
from shared.accounts.errors import (
    LastAdmin,
    NoSuchUser,
    TokenNotFound,
    TokenOutlivesMaker,
    UserErasing,
    UserExists,
    UserNotFound,
)
from shared.accounts.lineage import Maker, find_maker
from shared.accounts.revocation import Revocation, carry_out, open_revocations, revoke_token
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
)
from shared.accounts.traces import account_traces
from shared.accounts.users import User, create_user, find_user, list_users

__all__ = [
    "MAX_OVERLAP_S",
    "AccountStatus",
    "Audit",
    "AuditEntry",
    "Credential",
    "Erasing",
    "IssuedToken",
    "LastAdmin",
    "Maker",
    "NoSuchUser",
    "Revocation",
    "RotatedSecret",
    "Token",
    "TokenKind",
    "TokenNotFound",
    "TokenOutlivesMaker",
    "TokenRequest",
    "TokenUse",
    "User",
    "UserErasing",
    "UserExists",
    "UserNotFound",
    "account_status",
    "account_traces",
    "begin_erasure",
    "carry_out",
    "create_user",
    "find_credential",
    "find_maker",
    "find_token",
    "find_user",
    "issue_device_token",
    "issue_token",
    "list_audit",
    "list_tokens",
    "list_users",
    "needs_recording",
    "no_such_user",
    "open_revocations",
    "record_token_use",
    "revoke_device_token",
    "revoke_token",
    "rotate_webhook_secret",
    "webhook_secrets",
]
