"""The demo accounts: an admin, a user with an API key, a device; made once, kept in the home.

The first admin comes from the product's own bootstrap, which runs from the layers that were just
built; everything after that goes through the HTTP API, as it would for anybody.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local.aws import LocalAws
from local.build import BUILD
from local.errors import LocalCloudError
from local.home import Home, read_json, write_private_json
from local.http_json import Answer, call
from local.stack import Stack

ADMIN = "admin"
USER = "demo"
DEVICE = "demo-device"
_POOLS = ["default", "short", "long"]


@dataclass(frozen=True)
class Credentials:
    """Secrets of the demo accounts."""

    admin_token: str
    user_token: str
    api_key: str
    device_token: str


def seed(base_url: str, home: Home, aws: LocalAws, stack: Stack, model: str | None) -> Credentials:
    """The kept credentials while they work, else new ones, kept."""
    kept = kept_credentials(home)
    if kept and _work(base_url, kept):
        return kept
    made = _make(base_url, bootstrap_admin(home, aws, stack), model)
    write_private_json(home.credentials, asdict(made))
    return made


def kept_credentials(home: Home) -> Credentials | None:
    """Those of an earlier start, which may have been revoked since."""
    content = read_json(home.credentials) or {}
    names = Credentials.__dataclass_fields__
    return Credentials(**content) if set(content) == set(names) else None


def _work(base_url: str, kept: Credentials) -> bool:
    users = (kept.admin_token, kept.user_token)
    me = [call("GET", f"{base_url}/accounts/me", {"X-User-Token": token}) for token in users]
    session = call(
        "POST",
        f"{base_url}/devices/{DEVICE}/session",
        {"X-Device-Token": kept.device_token},
        {},
    )
    return all(answer.status == 200 for answer in (*me, session))


def bootstrap_admin(home: Home, aws: LocalAws, stack: Stack) -> str:
    """A new token of the first admin, made without the API, which has no user yet."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "shared.accounts.bootstrap"),
            *("--table", stack.output("AccountsTableName"), "--user-id", ADMIN, "--reissue"),
        ],
        cwd=home.root,
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": os.pathsep.join(map(str, _layers())),
        }
        | aws.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        reason = ended.stderr.strip().splitlines() or ["no reason given"]
        raise LocalCloudError(f"the first admin could not be made: {reason[-1]}")
    return str(json.loads(ended.stdout)["token"])


def _layers() -> list[Path]:
    return sorted(folder for folder in BUILD.glob("*/python") if folder.is_dir())


def _make(base_url: str, admin_token: str, model: str | None) -> Credentials:
    as_admin = {"X-User-Token": admin_token}
    user_token = _user_token(base_url, as_admin)
    tokens = f"{base_url}/accounts/tokens"
    as_user = {"X-User-Token": user_token}
    key = _need(call("POST", tokens, as_user, {"kind": "api_key", "name": "demo"}), "api key")
    device: dict[str, Any] = {"serial": DEVICE, "name": "Demo device", "queue_tags": _POOLS}
    if model:
        device["models"] = [model]
    registered = _need(call("POST", f"{base_url}/devices/register", as_admin, device), "device")
    return Credentials(admin_token, user_token, key["token"], registered["device_token"])


def _user_token(base_url: str, as_admin: dict[str, str]) -> str:
    made = call("POST", f"{base_url}/accounts/users", as_admin, {"user_id": USER})
    if made.status == 409:
        # The user survived its credentials: a new token for the same user.
        wanted = {"kind": "user", "name": "demo", "user_id": USER}
        made = call("POST", f"{base_url}/accounts/tokens", as_admin, wanted)
    return str(_need(made, "user")["token"])


def _need(answer: Answer, what: str) -> dict[str, Any]:
    if answer.status not in (200, 201):
        why = answer.body.get("detail") or answer.body.get("message") or answer.body
        raise LocalCloudError(f"the demo {what} could not be made: {answer.status} {why}")
    return answer.body
