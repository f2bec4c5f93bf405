"""Which deployment is talked to, and as whom.

In this order: what the caller says, the environment, a profile of `~/.config/evalyard/config.toml`,
`.evalyard/local.json` of a running local cloud in this folder or one above. Where only an address
is said, a token that was found for another address is not sent to it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalyard.errors import ConfigurationError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True)
class Target:
    """An address, its token, and where both were found."""

    url: str
    token: str | None
    api_key: str | None
    source: str


def resolve(
    url: str | None = None,
    token: str | None = None,
    profile: str | None = None,
    *,
    env: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Target:
    """The first that is complete; raises ConfigurationError with what was looked for."""
    env = os.environ if env is None else env
    named = profile or None
    key = env.get("EVALYARD_API_KEY") or None
    if url and token:
        return _target(url, token, key, "the command line")
    if named is None and not url and env.get("EVALYARD_URL"):
        return _target(env["EVALYARD_URL"], token or env.get("EVALYARD_TOKEN"), key, "EVALYARD_URL")
    found = _of_profile(named, env) or (None if named else _of_local_cloud(folder or Path.cwd()))
    if url and (found is None or not _same(url, found.url)):
        return _target(url, token or env.get("EVALYARD_TOKEN"), key, "the command line")
    if found is None:
        raise ConfigurationError(
            "no address: set EVALYARD_URL and EVALYARD_TOKEN, run `evalyard login`, "
            "or start a local cloud with `make run` in this folder or one above"
        )
    return _target(found.url, token or found.token, key or found.api_key, found.source)


def config_path(env: Mapping[str, str] | None = None) -> Path:
    """The file of profiles."""
    env = os.environ if env is None else env
    home = env.get("XDG_CONFIG_HOME") or str(Path(env.get("HOME") or "~").expanduser() / ".config")
    return Path(home) / "evalyard" / "config.toml"


def profiles(env: Mapping[str, str] | None = None) -> tuple[str | None, dict[str, dict[str, str]]]:
    """The name of the profile in use, and all by name."""
    path = config_path(env)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None, {}
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    _require_private(path, mode)
    document = _toml(path)
    found = document.get("profiles", {})
    used = document.get("use")
    return (str(used) if used else next(iter(found), None)), found


def save_profile(name: str, url: str, token: str, *, env: Mapping[str, str] | None = None) -> Path:
    """Write a profile, and use it from now on; only its owner can read the file."""
    _, known = profiles(env)
    return _write({**known, name: {"url": url, "token": token}}, name, config_path(env))


def use_profile(name: str, *, env: Mapping[str, str] | None = None) -> Path:
    """Use another profile from now on; raises ConfigurationError for an unknown one."""
    _, known = profiles(env)
    if name not in known:
        raise _unknown(name, known)
    return _write(known, name, config_path(env))


def _of_profile(name: str | None, env: Mapping[str, str]) -> Target | None:
    used, known = profiles(env)
    wanted = name or env.get("EVALYARD_PROFILE") or used
    if wanted is None:
        return None
    if wanted not in known:
        raise _unknown(wanted, known)
    entry = known[wanted]
    return _target(
        entry.get("url", ""), entry.get("token"), entry.get("api_key"), f"profile {wanted}"
    )


def _of_local_cloud(folder: Path) -> Target | None:
    for each in (folder, *folder.parents):
        path = each / ".evalyard" / "local.json"
        if path.is_file():
            try:
                found = json.loads(path.read_text(encoding="utf-8"))
                return _target(
                    found["base_url"], found["user_token"], found.get("api_key"), str(path)
                )
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise ConfigurationError(f"{path} cannot be read: {error!r}") from error
    return None


def _target(url: str, token: str | None, api_key: str | None, source: str) -> Target:
    url = url.strip().rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ConfigurationError(f"{url!r} ({source}) is no address; it begins with https://")
    return Target(url, _pasted(token, source), _pasted(api_key, source), source)


def _pasted(credential: str | None, source: str) -> str | None:
    """A credential without the white space around it; raises for what no header can carry."""
    text = (credential or "").strip()
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ConfigurationError(
            f"the token or key ({source}) has characters that none has: copy it again, alone"
        )
    return text or None


def _unknown(name: str, known: Mapping[str, object]) -> ConfigurationError:
    return ConfigurationError(f"no profile {name!r}; there are: {', '.join(known) or 'none'}")


def _same(one: str, other: str) -> bool:
    return one.strip().rstrip("/").lower() == other.lower()


def _require_private(path: Path, mode: int) -> None:
    if os.name == "posix" and mode & 0o077:
        raise ConfigurationError(f"{path} holds tokens and others may read it: chmod 600 {path}")


def _toml(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        return found
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error


def _quoted(text: str) -> str:
    """A basic string of TOML, which is one of JSON that escapes no halves of a character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write(known: Mapping[str, Mapping[str, str]], used: str, path: Path) -> Path:
    lines = [f"use = {_quoted(used)}"]
    for name, entry in known.items():
        lines += ["", f"[profiles.{_quoted(name)}]"]
        lines += [f"{key} = {_quoted(value)}" for key, value in entry.items()]
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(opened, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        draft.replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({error.strerror}): set XDG_CONFIG_HOME to a folder that "
            "can, or EVALYARD_URL and EVALYARD_TOKEN instead of a profile"
        ) from error
    return path
