"""Bodies and answers of the accounts endpoints, as clients see them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.http import Body, UserId
from shared.scopes import Scope

_MAX_LIFE_S = 10 * 365 * 86_400

Kind = Literal["user", "api_key"]


class NewUserBody(Body):
    """A user to create."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"user_id": "ada", "tenant": "lab"}]})

    user_id: UserId | None = Field(None, description="Generated when omitted.")
    tenant: UserId | None = Field(None, description="The `user_id` when omitted.")
    admin: bool = False
    expires_in_s: int | None = Field(
        None,
        ge=1,
        le=_MAX_LIFE_S,
        description="When the first token expires; without it, never.",
    )


class NewUserAnswer(BaseModel):
    """A new user. `token` is shown only once and is absent from a replay."""

    user_id: str = Field(examples=["ada"])
    tenant: str = Field(examples=["lab"])
    admin: bool
    token: str = Field(examples=["eyt_0wAq…"])


class UserEntry(BaseModel):
    """A user in the list."""

    user_id: str
    tenant: str
    admin: bool
    created_at: str = Field(examples=["2026-01-01T00:00:00.000Z"])


class AccountStatusAnswer(BaseModel):
    """The status of an account, and what is not erased yet."""

    user_id: str = Field(examples=["ada"])
    status: Literal["active", "erasing", "erased"] = Field(examples=["erasing"])
    left: dict[str, int] = Field(
        description=(
            "How much of each kind was left at the last look, counted up to 1,000; empty "
            "unless the account is being erased."
        ),
        examples=[{"account": 1, "datasets": 1000}],
    )


class Limits(BaseModel):
    """The limits of a single call and of an account."""

    body_bytes: int = Field(description="A request body, after inflation.")
    rows_per_append: int = Field(description="Rows in one append.")
    row_bytes: int = Field(description="One row, as JSON.")
    page_entries: int = Field(description="Entries in one page of a list.")
    idempotency_s: int = Field(description="How long an Idempotency-Key is remembered.")
    datasets: int = Field(description="Datasets of one account.")
    rows_a_day: int = Field(description="Rows appended on one day (UTC).")
    bytes: int = Field(description="Bytes of rows, over all datasets.")
    imported_runs_a_day: int = Field(description="Runs imported on one day (UTC).")
    open_jobs: int | None = Field(
        description="Jobs that may wait in one lane of a device or pool. null: no limit."
    )
    writes_a_minute: int | None = Field(
        description="Requests other than GET a minute; all may come at once. null: no limit."
    )
    queries_a_minute: int | None = Field(
        description="GET requests a minute; all may come at once. null: no limit."
    )


class MeAnswer(BaseModel):
    """Who is calling; `created_at` and `expires_at` are the token's."""

    user_id: str
    tenant: str
    admin: bool
    token_id: str
    scope: Scope
    created_at: str
    expires_at: str | None
    limits: Limits


class NewTokenBody(Body):
    """A token to issue."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "ci", "kind": "api_key", "expires_in_s": 86400}]}
    )

    kind: Kind
    name: str | None = Field(None, min_length=1, max_length=128)
    expires_in_s: int | None = Field(
        None, ge=1, le=_MAX_LIFE_S, description="Without it the token never expires."
    )
    user_id: UserId | None = Field(
        None, description="The user who gets the token; another user: for administrators."
    )
    scope: Scope | None = Field(
        None, description="What of its user's rights the token has; `full` when omitted."
    )


class TokenEntry(BaseModel):
    """A token without its secret."""

    token_id: str
    user_id: str
    name: str | None
    kind: Kind
    scope: str = Field(examples=["read"])
    last_four: str
    created_at: str
    last_used_at: str | None = Field(description="Rounded to the hour.")
    expires_at: str | None
    created_by: str | None = Field(
        description=(
            "The `token_id` of the token that made it; null where it was made outside of "
            "the API or before this was recorded."
        )
    )


class NewTokenAnswer(TokenEntry):
    """An issued token. `token` is shown only once and is absent from a replay."""

    token: str = Field(examples=["eyk_0wAq…"])


class WebhookSecretAnswer(BaseModel):
    """The secret with which callbacks are signed."""

    secret: str = Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])


class RotatedSecretAnswer(WebhookSecretAnswer):
    """The new secret; the previous one also signs until `previous_valid_until`."""

    previous_valid_until: str


class AuditLine(BaseModel):
    """One change to an account, a token or a device."""

    at: str = Field(examples=["2026-01-01T00:00:00.000Z"])
    actor: str | None = Field(description="The user who made the change; null: the service itself.")
    token_id: str | None = Field(description="The token that was used.")
    action: str = Field(examples=["token.revoked"])
    object: str = Field(description="The user id, token id or serial that was changed.")
    detail: dict[str, Any] = Field(description="Further facts; never a secret.")
