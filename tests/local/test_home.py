"""The home's lock and its private files."""

import socket
import stat
from pathlib import Path

import pytest

from local import keeping, preflight, running
from local.errors import LocalCloudError
from local.home import Home, read_json, write_private_json
from local.ports import free_port
from local.settings import read_settings


def test_second_lock_is_refused_with_the_holder_when_the_home_is_in_use(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")

    with home.locked(), pytest.raises(LocalCloudError, match=r"already runs .* \(pid \d+\)"):
        Home(home.root).locked().__enter__()


def test_lock_is_free_when_its_holder_is_done(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with home.locked():
        pass

    with home.locked():
        assert home.root.is_dir()


def test_private_file_is_readable_by_its_owner_only_when_written(tmp_path: Path) -> None:
    path = tmp_path / "local.json"
    write_private_json(path, {"pid": 1})
    write_private_json(path, {"pid": 2})

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_json(path) == {"pid": 2}
    assert [each.name for each in tmp_path.iterdir()] == ["local.json"]


def test_nothing_is_read_when_a_file_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "local.json"
    path.write_text('{"pid"')

    assert read_json(path) is None


def test_failed_first_deployment_is_forgotten_and_a_good_one_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    (home.state / "x").touch()
    home.forget_failed_start()
    forgotten = not home.state.exists()
    home.prepare()
    (home.state / "x").touch()
    write_private_json(home.deployed, {})

    home.forget_failed_start()
    home.empty_scratch()

    assert forgotten
    assert (home.state / "x").exists()


def test_start_is_refused_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment = {"EVALYARD_PORT": str(port), "EVALYARD_HOME": str(tmp_path)}

        with pytest.raises(LocalCloudError, match=f"port {port} is taken"):
            preflight.check(read_settings(environment))


def test_start_is_allowed_when_the_port_is_free(tmp_path: Path) -> None:
    environment = {"EVALYARD_PORT": str(free_port()), "EVALYARD_HOME": str(tmp_path)}

    preflight.check(read_settings(environment))


def test_clean_is_refused_when_the_folder_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()

    with pytest.raises(LocalCloudError, match="does not look like"):
        keeping.clean_state(read_settings({"EVALYARD_HOME": str(tmp_path)}))

    assert (tmp_path / "thesis.txt").exists()


def test_clean_removes_the_home_when_nothing_uses_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    home.ministack_port.write_text("1")

    keeping.clean_state(read_settings({"EVALYARD_HOME": str(home.root)}))

    assert not home.root.exists()
    assert not home.scratch.exists()


def test_command_names_what_to_do_when_no_local_cloud_runs(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match="make run"):
        running.fire_schedule(read_settings({"EVALYARD_HOME": str(tmp_path)}), "MaintainStorage")
