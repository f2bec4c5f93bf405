"""What a test counted: the metrics that were written in CloudWatch's embedded format."""

import json
from typing import Any

import pytest


def counted(capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], float]:
    """The sums of the metrics written since last asked, by name and service."""
    sums: dict[tuple[str, str], float] = {}
    for line in capsys.readouterr().out.splitlines():
        blob: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
        for told in blob.get("_aws", {}).get("CloudWatchMetrics", ()):
            for metric in told["Metrics"]:
                key = (metric["Name"], blob.get("service", ""))
                sums[key] = sums.get(key, 0) + sum(blob[metric["Name"]])
    return sums
