"""Each minute: goes on with erasures of accounts, and with revocations that a call left.

Done: as much as time allowed; the next run goes on. Retry: an account that fails is tried
again by the next run (metric `ErasuresFailed`), a failure of all is retried by Lambda, then
reported to the failed-events queue. Nothing is dropped. A second run at the same time is
harmless: only one works on an erasure, by its lease, and ending a token twice changes nothing.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from functions.erase_accounts import wiring
from shared.accounts import Revocation, carry_out, open_revocations
from shared.observability import count, logger

# One step, such as the callbacks of a hundred jobs, may take some seconds.
_RESERVE_MS = 30_000


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Go on with what is open and return what was done."""
    del event

    def may_go_on() -> bool:
        return bool(context.get_remaining_time_in_millis() > _RESERVE_MS)

    # Tokens that are being revoked come before data.
    done = Counter(
        _revoke(revocation, may_go_on) for revocation in open_revocations(wiring.accounts())
    )
    done += wiring.erasing().work(may_go_on)
    logger().info("accounts_erased", done=dict(done))
    return dict(done)


def _revoke(revocation: Revocation, may_go_on: Callable[[], bool]) -> str:
    try:
        return "revoked" if carry_out(wiring.accounts(), revocation, may_go_on) else "revoking"
    except Exception:
        # The last resort: one tree that cannot be ended must not keep others, or erasures, waiting.
        logger().exception("revocation_failed", token_id=revocation.token_id)
        count("RevocationsFailed", service="accounts")
        return "revocation_failed"
