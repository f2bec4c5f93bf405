"""Where the address and the token come from, and that they stay private."""

import json
import stat
from pathlib import Path

import pytest
from evalyard import ConfigurationError
from evalyard.settings import config_path, profiles, resolve, save_profile, use_profile

A, B, C = "https://a.example", "https://b.example", "http://localhost:8000"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home")}


@pytest.fixture
def inner(tmp_path: Path) -> Path:
    """A folder two below that of a running local cloud."""
    (tmp_path / ".evalyard").mkdir()
    found = {"base_url": C, "user_token": "eyt_local", "api_key": "eyk_local"}
    (tmp_path / ".evalyard" / "local.json").write_text(json.dumps(found))
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("pasted", ["eyt_tökén", "eyt_a\neyt_b", "my token", "eyt_a\u200b"])
def test_a_token_is_refused_by_name_when_no_header_can_carry_it(env, pasted) -> None:
    with pytest.raises(ConfigurationError, match="characters that none has"):
        resolve(A, pasted, env=env)
    with pytest.raises(ConfigurationError, match="characters that none has"):
        resolve(env={**env, "EVALYARD_URL": A, "EVALYARD_TOKEN": pasted})


def _found(*args, **kwargs):
    target = resolve(*args, **kwargs)
    return target.url, target.token


def test_the_order_is_kept_when_every_place_has_an_address(env, inner) -> None:
    assert _found(env=env, folder=inner) == (C, "eyt_local")

    save_profile("lab", B, "eyt_lab", env=env)
    assert _found(env=env, folder=inner) == (B, "eyt_lab")

    env |= {"EVALYARD_URL": A, "EVALYARD_TOKEN": "eyt_env"}
    assert _found(env=env, folder=inner) == (A, "eyt_env")
    assert _found(profile="lab", env=env, folder=inner) == (B, "eyt_lab")
    assert _found(url=C, token="eyt_said", env=env, folder=inner) == (C, "eyt_said")
    assert _found(token="eyt_said", env=env, folder=inner) == (A, "eyt_said")


def test_a_token_is_not_sent_elsewhere_when_only_an_address_is_said(env, inner) -> None:
    save_profile("lab", B, "eyt_lab", env=env)

    assert _found(url="https://elsewhere.example", env=env, folder=inner)[1] is None
    assert _found(url=f"{B}/", env=env, folder=inner) == (B, "eyt_lab")


def test_only_the_owner_can_read_it_when_a_profile_is_saved(env) -> None:
    path = save_profile("lab", B, 'eyt_"\\é', env=env)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert profiles(env) == ("lab", {"lab": {"url": B, "token": 'eyt_"\\é'}})


def test_the_other_one_is_used_when_it_is_chosen(env, tmp_path) -> None:
    save_profile("lab", B, "eyt_lab", env=env)
    save_profile("prod", A, "eyt_prod", env=env)

    use_profile("lab", env=env)

    assert _found(env=env, folder=tmp_path) == (B, "eyt_lab")
    with pytest.raises(ConfigurationError, match="there are: lab, prod"):
        use_profile("nowhere", env=env)


def test_it_is_refused_when_others_may_read_the_profiles(env) -> None:
    save_profile("lab", B, "eyt_lab", env=env).chmod(0o644)

    with pytest.raises(ConfigurationError, match="chmod 600"):
        resolve(env=env)


def test_it_is_said_what_to_do_when_there_is_no_address(env, tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="evalyard login"):
        resolve(env=env, folder=tmp_path)


@pytest.mark.parametrize("text", ["use = [", "\xff\xfe"])
def test_the_file_is_named_when_it_cannot_be_read(env, text) -> None:
    path = config_path(env)
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("latin-1"))
    path.chmod(0o600)

    with pytest.raises(ConfigurationError, match=r"config\.toml cannot be read"):
        resolve(env=env)


def test_an_address_without_a_scheme_is_refused_when_it_is_read(env) -> None:
    with pytest.raises(ConfigurationError, match="https://"):
        resolve("localhost:8000", "eyt_x", env=env)


def test_what_to_set_is_said_when_the_home_cannot_be_written(tmp_path) -> None:
    (tmp_path / "home").write_text("a file, as nothing is below it")

    with pytest.raises(ConfigurationError, match="EVALYARD_URL and EVALYARD_TOKEN"):
        save_profile("p", "https://x.io", "t", env={"HOME": str(tmp_path / "home")})


def test_a_profile_is_read_again_when_its_name_is_no_plain_text(env) -> None:
    name = 'büro 😀 "7"\\\x7f'

    save_profile(name, A, "eyt_ada", env=env)

    assert profiles(env) == (name, {name: {"url": A, "token": "eyt_ada"}})


def test_profiles_are_read_when_an_editor_marked_their_file(env) -> None:
    path = save_profile("office", A, "eyt_ada", env=env)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert profiles(env)[0] == "office"
