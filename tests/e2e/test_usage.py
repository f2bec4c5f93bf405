"""Usage on the deployed template, each function under its own role: imported, folded, rolled
up, compared, exported, taken back.
"""

from uuid import uuid4

import httpx
import pytest

from tests.kit.local_cloud import LocalCloud, until

DAY_S = 86_400
START_S = 1_764_720_000  # 2025-12-03
WINDOW = {"from": "2025-12-03", "to": "2025-12-06"}


@pytest.fixture
def tag() -> str:
    return f"t-{uuid4().hex[:8]}"


def rows(tag: str) -> list[dict[str, object]]:
    """Three days, two models: b takes two thirds of a's time."""
    return [
        {
            "run_id": f"{tag}-{number}",
            "ts": START_S + number * 3 * DAY_S / 300,
            "model": "ab"[number % 2],
            "tag": tag,
            "completion_tokens": 100,
            "latency_ms": (900 if number % 2 == 0 else 600) + number % 7,
        }
        for number in range(300)
    ]


def test_imported_runs_are_told_from_rows_and_rollups_alike(
    cloud: LocalCloud, demo: httpx.Client, tag: str
) -> None:
    first = demo.post("/usage/import", json=rows(tag))
    again = demo.post("/usage/import", json=rows(tag))

    assert (first.status_code, first.json()["imported"]) == (200, 300)
    assert (again.status_code, again.json()["duplicates"]) == (200, 300)

    asked = {**WINDOW, "tag": tag}
    exact = demo.get("/usage/summary", params={**asked, "exact": "true"}).json()
    assert (exact["runs"], exact["exact"]) == (300, True)

    def rolled() -> dict[str, object] | None:
        cloud.fire("MaintainStorageRollUpSchedule")
        answer: dict[str, object] = demo.get(
            "/usage/summary", params={**asked, "exact": "false"}
        ).json()
        assert answer["runs"] == 300
        return None if answer["exact"] else answer

    summary = until(rolled, "the days are rolled up")
    for percentile in ("p50", "p95"):
        found, true = summary["latency_ms"][percentile], exact["latency_ms"][percentile]
        assert found == pytest.approx(true, rel=0.01)

    sides = {**asked, "a_model": "a", "b_model": "b"}
    verdicts = demo.get("/usage/compare", params=sides).json()["metrics"]
    assert {m["metric"]: m["verdict"] for m in verdicts}["latency_ms"] == "improved"
    exported = demo.get("/usage/export.csv", params=asked)
    assert exported.headers["x-row-count"] == "300"
    same = demo.post(
        "/usage/import", content=exported.content, headers={"Content-Type": "text/csv"}
    )
    assert same.json()["duplicates"] == 300

    undone = demo.post("/user/data/undo", json={"batch_id": first.json()["batch_id"]})
    assert (undone.status_code, undone.json()["removed_runs"]) == (200, 300)
    for choice in ("true", "false"):
        left = demo.get("/usage/summary", params={**asked, "exact": choice}).json()
        assert left["runs"] == 0
