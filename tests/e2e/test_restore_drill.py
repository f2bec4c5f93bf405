"""`make restore-drill` on the running local cloud: real tables, versions, rights and upkeep."""

import subprocess

import pytest

from tests.kit.local_cloud import ROOT, LocalCloud


@pytest.mark.nightly
def test_everything_reads_as_it_did_when_a_drill_restored_its_moment(cloud: LocalCloud) -> None:
    ended = subprocess.run(
        [ROOT / ".venv-cloud/bin/python", "-m", "local", "restore-drill"],
        cwd=ROOT,
        env=cloud.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    tables = cloud.aws("dynamodb").list_tables()["TableNames"]
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "T: 82 rows, 83 runs, 1 jobs" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "ok: the restore is taken back"
    assert [name for name in tables if "-drill-" in name] == []
