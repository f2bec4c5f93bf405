"""The rows that benchmarks append, and the event that brings them."""

import json
import random
from typing import Any

import msgspec

from shared.aws.attributes import encode_item
from shared.datasets import Adapter, ExtraField
from shared.storage.log.records import partition
from tests.kit.gateway import http_event

DATASET = "my_server_metrics"
ADAPTER = Adapter(
    dataset=DATASET,
    extra_fields=(
        ExtraField(label="GPU power (W)", field="gpu_power_w"),
        ExtraField(label="CPU usage (%)", field="cpu_usage_pct"),
    ),
    version=1,
    updated_us=1_764_784_800_000_000,
)
CALLER = {"kind": "user", "user_id": "ada", "tenant": "ada", "admin": "false", "token_id": "t"}
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "DATA_BUCKET": "data",
    "CATALOG_TABLE": "catalog",
    "IDEMPOTENCY_TABLE": "idempotency",
    "MAX_DATASETS": "1000",
    "MAX_ROWS_A_DAY": "20000000",
    "MAX_BYTES": "107374182400",
    "WRITES_A_MINUTE": "0",
    "QUERIES_A_MINUTE": "0",
    "ACCOUNTS_TABLE": "accounts",
    "TOKEN_USES_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/token-uses",
    "MAX_PENDING_SEGMENTS": "5000",
    "QUERY_SECONDS": "25",
    "POWERTOOLS_SERVICE_NAME": "datasets",
    "POWERTOOLS_TRACE_DISABLED": "1",
}


def rows(count: int) -> list[dict[str, Any]]:
    """Rows as a server's measurements look: about 190 bytes each, the same for every run."""
    chance = random.Random(1)
    return [
        {
            "ts": f"2025-12-03T18:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}Z",
            "device": "server-1",
            "model": "llama3-8b",
            "prompt_tokens": 50 + number % 7,
            "completion_tokens": 100 + number % 50,
            "latency_ms": round(chance.uniform(500, 1500), 3),
            "ttft_ms": round(chance.uniform(50, 150), 3),
            "gpu_power_w": round(chance.uniform(40, 60), 2),
            "cpu_usage_pct": round(chance.uniform(0, 100), 1),
        }
        for number in range(count)
    ]


def body(count: int) -> str:
    """The compact JSON body of an append."""
    return json.dumps({"dataset": DATASET, "rows": rows(count)}, separators=(",", ":"))


def append_event(content: str, **headers: str) -> dict[str, Any]:
    """The event in which API Gateway brings an append."""
    sent = {"content-type": "application/json", **headers}
    return http_event(
        "POST", "/user/data/append_jsonl", content=content, headers=sent, context=CALLER
    )


def adapter_items() -> dict[str, Any]:
    """DynamoDB's answer to the one read of an append: the adapter, and nothing else yet."""
    key = {"pk": partition(CALLER["user_id"]), "sk": f"DATASET#{ADAPTER.dataset}#ADAPTER"}
    item = key | {"adapter": msgspec.to_builtins(ADAPTER)}
    return {"Responses": {ENVIRONMENT["CATALOG_TABLE"]: [encode_item(item)]}}
