"""The first administrator: made once, given another token only when asked."""

import json
import os
import subprocess
import sys

import pytest

from shared.accounts import User, create_user, find_credential
from shared.accounts.bootstrap import main
from shared.aws import Table
from tools.template import ROOT


@pytest.fixture
def accounts(tables: dict[str, Table]) -> Table:
    return tables["AccountsTable"]


def bootstrap(accounts: Table, *options: str) -> int:
    return main(["--table", accounts.name, "--user-id", "root", *options])


def test_token_is_an_admins_when_made(accounts: Table, capsys: pytest.CaptureFixture[str]) -> None:
    code = bootstrap(accounts)

    printed = json.loads(capsys.readouterr().out)
    credential = find_credential(accounts, printed["token"])
    assert (code, printed["user_id"]) == (0, "root")
    assert credential is not None
    assert (credential.user_id, credential.admin) == ("root", True)


def test_refused_when_user_exists(accounts: Table, capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap(accounts)
    capsys.readouterr()

    code = bootstrap(accounts)

    output = capsys.readouterr()
    assert (code, output.out) == (1, "")
    assert "--reissue" in output.err


def test_both_tokens_live_when_reissued(
    accounts: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap(accounts)
    first = json.loads(capsys.readouterr().out)["token"]

    assert bootstrap(accounts, "--reissue") == 0
    second = json.loads(capsys.readouterr().out)["token"]
    assert find_credential(accounts, first) is not None
    assert find_credential(accounts, second) is not None


def test_no_admin_token_when_the_user_is_no_admin(
    accounts: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    create_user(accounts, User("root", "lab", False, "01AAAAAAAAAAAAAAAAAAAAAAAA"))

    assert bootstrap(accounts, "--reissue") == 1
    assert capsys.readouterr().out == ""


def test_it_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "shared.accounts.bootstrap", "--help"],
        env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "--reissue" in done.stdout
