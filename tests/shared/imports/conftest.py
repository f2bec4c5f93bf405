"""Records judged without any AWS."""

from dataclasses import replace

import pytest

from shared.imports import Batch, read_records
from shared.imports.validation import Judged, judge

BATCH = Batch("ada", "acme", "01KBJ8S2X00000000000000000", began_us=1_800_000_000_000_000)


@pytest.fixture(scope="session")
def judged():
    """What becomes of a body: `judged(text, "text/csv")`."""

    def judge_body(
        body: str | bytes, kind: str = "application/json", *, wanted=None, **options
    ) -> Judged:
        raw = body.encode() if isinstance(body, str) else body
        batch = replace(BATCH, format=wanted, adapter=options.get("adapter"))
        return judge(read_records(raw, kind, **options), batch)

    return judge_body
