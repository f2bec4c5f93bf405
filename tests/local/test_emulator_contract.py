"""What `local/emulator` replaces in MiniStack, or relies on there, is what it was written for.

A new version of MiniStack fails here first: read what changed in the functions that are named, then
write the digests that the failure prints.
"""

import json
import subprocess

import pytest

from local.emulator.server import MINISTACK
from local.home import ROOT

# Module and function → the first digits of the SHA-256 of its source.
RELIED_ON = {
    "hypercorn.app_wrappers:ASGIWrapper": "8670a23eb460",
    "hypercorn.asyncio.run:worker_serve": "ae30269c42b9",
    "hypercorn.asyncio.tcp_server:TCPServer": "3bfa72b31950",
    "hypercorn.protocol.http_stream:HTTPStream": "e0f656feb55a",
    "ministack.app:_load_persisted_state": "03de3b870e8f",
    "ministack.app:_build_persistence_save_dict": "9a6393cc953d",
    "ministack.app:_handle_lifespan": "0daf4cf135cf",
    "ministack.app:main": "aae886212adb",
    "ministack.core.persistence:load_state": "1796603c91a1",
    "ministack.core.persistence:save_state": "58a955110973",
    "ministack.core.responses:AccountRegionScopedDict": "62c53f1c556e",
    "ministack.core.lambda_runtime:Worker": "a0bd1819a704",
    "ministack.core.lambda_runtime:acquire_worker": "5017d144adb5",
    "ministack.core.lambda_runtime:kill_workers": "56a6df63f9bd",
    "ministack.core.lambda_runtime:reset": "03a9add47fe3",
    "ministack.core.iam_evaluator:ParsedStatement": "8326ee8936c8",
    "ministack.core.iam_evaluator:parse_policy_document": "622a4f98a3ec",
    "ministack.services.apigateway:_extract_path_params": "d3aaa9aa2c53",
    "ministack.services.apigateway:_match_route": "c47ed1dc647e",
    "ministack.services.apigateway:_v2_request_body_is_text": "507d7acaf07f",
    "ministack.services.cloudwatch_logs:_append_log_events": "e47cae7a15a4",
    "ministack.services.lambda_svc:_emit_lambda_logs": "111efbf06968",
    "ministack.services.lambda_svc:_ensure_poller": "a21371869881",
    "ministack.services.lambda_svc:_execute_function_warm": "62b9218bef5b",
    "ministack.services.lambda_svc:_prune_orphan_code_blobs": "9663ac4e986d",
    "ministack.services.lambda_svc:_resolve_layer_zip": "447d3c3ec42c",
    "ministack.services.lambda_svc:get_state": "fbae0860de48",
    "ministack.services.lambda_svc:load_persisted_state": "140113ddcd36",
    "ministack.services.dynamodb:_items_replaced": "b48626c371f7",
    "ministack.services.dynamodb:_remove_item": "5cce50c99688",
    "ministack.services.dynamodb:_restore_state": "a5aba16053a2",
    "ministack.services.dynamodb:_set_item": "4e78ad492132",
    "ministack.services.dynamodb:_ttl_reaper": "66841bfd6027",
    "ministack.services.dynamodb:get_state": "ce90690a6033",
    "ministack.services.dynamodb:handle_request": "1201f2ac993c",
    "ministack.services.eventbridge:_parse_rate_seconds": "0184f31e965e",
    "ministack.services.scheduler:_tick_schedules": "0ece514e9120",
    "ministack.services.scheduler:_ticker_loop": "51e1b1334023",
    "ministack.services.sqs:_act_change_visibility": "387eac7e8e12",
    "ministack.services.sqs:_act_delete_message": "8d700665e3d6",
    "ministack.services.sqs:_act_send_message": "3abd766508c8",
    "ministack.services.sqs:_collect_msgs": "308a6eb1b3d4",
    "ministack.services.sqs:_delete_messages_for_esm": "c1686f29b48b",
    "ministack.services.sqs:_dlq_sweep": "6a77691e1671",
    "ministack.services.sqs:_ensure_msg_fields": "9a82c238b3d6",
    "ministack.services.sqs:_expire_retained": "c0da3361632b",
    "ministack.services.sqs:_receive_messages_for_esm": "f230dbcd4974",
    "ministack.services.sqs:_restore_state": "6ad905ae1eea",
    "ministack.services.sqs:get_state": "759c348b6e84",
    "ministack.services.s3:_atomic_write": "24958052a85f",
    "ministack.services.s3:_delete_object_version": "db06a3a9188c",
    "ministack.services.s3:_load_persisted_bucket": "7e84b6f2596e",
    "ministack.services.s3:_load_persisted_history": "7ea6bc83e268",
    "ministack.services.s3:_persist_displaced_version": "9637289a604c",
    "ministack.services.s3:_persist_object": "cb32b6ae8706",
    "ministack.services.s3:_record_object_version": "9af490c3d6ff",
    "ministack.services.s3:_version_disk_path": "3b946e67ea1b",
}
DIGEST = """
import hashlib, importlib, inspect, json, sys
digests = {}
for name in json.load(sys.stdin):
    module, _, function = name.partition(":")
    found = getattr(importlib.import_module(module), function, None)
    source = inspect.getsource(found).encode() if found else b""
    digests[name] = hashlib.sha256(source).hexdigest()[:12] if found else "gone"
print(json.dumps(digests))
"""
# What touches these elsewhere goes past the journal.
TOUCHED_ONLY_BY = {
    # AppSync's resolvers write to tables by themselves; the product has none.
    '["items"] = ': {"services/appsync.py", "services/dynamodb.py"},
    '["messages"] = ': {"services/sqs.py"},
}


def in_ministack(code: str, given: object) -> str:
    """What a program prints under the interpreter that has MiniStack."""
    return subprocess.run(
        [ROOT / ".venv-cloud/bin/python", "-c", code],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        env={"PERSIST_STATE": "0"},
    ).stdout


def test_version_is_the_one_that_is_pinned() -> None:
    pinned = (ROOT / "requirements/cloud.txt").read_text()

    assert f"\nministack=={MINISTACK} " in pinned


def test_every_function_that_is_relied_on_is_as_it_was() -> None:
    found = json.loads(in_ministack(DIGEST, list(RELIED_ON)))

    assert {name: digest for name, digest in found.items() if digest != RELIED_ON[name]} == {}


@pytest.mark.parametrize("text", TOUCHED_ONLY_BY)
def test_nothing_else_writes_where_the_journal_would_not_see_it(text: str) -> None:
    package = in_ministack("import ministack; print(ministack.__path__[0])", None).strip()

    listed = subprocess.run(
        ["grep", "-rlF", "--include=*.py", text, "services", "core"],
        cwd=package,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert set(listed) == TOUCHED_ONLY_BY[text]
