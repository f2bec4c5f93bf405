"""The body and the answer of a ping, as clients see them."""

from pydantic import BaseModel, ConfigDict, Field

from shared.http import Body


class PingBody(Body):
    """Where to send the ping."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://example.com/hooks/job-finished"}]}
    )

    url: str = Field(description="As a job's `callback_url`.")


class WebhookPingAnswer(BaseModel):
    """The outcome of a ping. Of the receiver's answer it shows the status only."""

    ok: bool = Field(description="Whether the answer was 2xx.")
    status_code: int | None = Field(description="Null when there was no answer.", examples=[200])
    error: str | None = Field(
        description="`not_2xx`, `gone`, `timeout`, `connection_failed`, `tls_failed` or "
        "`host_unknown`.",
        examples=[None],
    )
    duration_ms: float = Field(description="From resolving the name to the end of the answer.")
    webhook_id: str = Field(examples=["evt_01KBJ8S2X0ZZZZZZZZZZZZZZZZ"])
