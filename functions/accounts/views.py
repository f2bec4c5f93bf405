"""How users and tokens look in answers."""

from typing import Any

from functions.accounts.schemas import AuditLine, Limits, TokenEntry, UserEntry
from functions.accounts.wiring import Settings
from shared import clock
from shared.accounts import AuditEntry, IssuedToken, Token, User
from shared.config import read_settings
from shared.datasets import MAX_ROW_BYTES, MAX_ROWS
from shared.http.pages import MAX_PAGE
from shared.http.rates import RateSettings
from shared.idempotency import KEPT_S
from shared.request_bodies import MAX_BODY_BYTES


def limits() -> Limits:
    """What one call may carry, and what an account may have."""
    settings, rates = read_settings(Settings), read_settings(RateSettings)
    return Limits(
        body_bytes=MAX_BODY_BYTES,
        rows_per_append=MAX_ROWS,
        row_bytes=MAX_ROW_BYTES,
        page_entries=MAX_PAGE,
        idempotency_s=KEPT_S,
        datasets=settings.max_datasets,
        rows_a_day=settings.max_rows_a_day,
        bytes=settings.max_bytes,
        imported_runs_a_day=settings.max_imported_runs_a_day,
        open_jobs=settings.max_open_jobs or None,
        writes_a_minute=rates.writes_a_minute or None,
        queries_a_minute=rates.queries_a_minute or None,
    )


def user_entry(user: User) -> UserEntry:
    """A user in the list."""
    return UserEntry(
        user_id=user.user_id,
        tenant=user.tenant,
        admin=user.admin,
        created_at=clock.iso(user.created_us),
    )


def token_entry(token: Token) -> TokenEntry:
    """A token in the list."""
    return TokenEntry(
        token_id=token.token_id,
        user_id=token.user_id,
        name=token.name,
        kind=token.kind,
        scope=token.scope,
        last_four=token.last_four,
        created_at=clock.iso(token.created_us),
        last_used_at=clock.iso_or_none(token.last_used_us),
        expires_at=clock.iso_or_none(token.expires_us),
        created_by=token.created_by,
    )


def issued_token(issued: IssuedToken) -> dict[str, Any]:
    """A new token with its secret."""
    return {**token_entry(issued.token).model_dump(), "token": issued.secret}


def audit_line(entry: AuditEntry) -> AuditLine:
    """What was done, in the list."""
    return AuditLine(
        at=clock.iso(entry.at_us),
        actor=entry.actor,
        token_id=entry.token_id,
        action=entry.action,
        object=entry.object,
        detail=entry.detail,
    )
