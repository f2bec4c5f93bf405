"""`evalyard.toml`: what a gate asks, kept with the code that it guards."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evalyard.cli.words import seconds
from evalyard.client import Evalyard
from evalyard.errors import ConfigurationError
from evalyard.models import Gate

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_DEFAULT = Path("evalyard.toml")
_KNOWN: dict[str, tuple[type, ...]] = {
    "baseline": (str,),
    "window": (str,),
    "fdr": (float, int),
    "min_runs": (int,),
    "require_same": (list,),
    "filters": (dict,),
    "rules": (list,),
}


@dataclass(frozen=True)
class GateSettings:
    """What is asked of a gate. `by` is the baseline's own."""

    baseline: str | None = None
    window: str = "24h"
    fdr: float | None = None
    min_runs: int | None = None
    require_same: list[str] | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)
    rules: list[dict[str, Any]] | None = None

    def overruled(
        self, baseline: str | None, window: str | None, filters: Mapping[str, Any]
    ) -> GateSettings:
        """With what the command line says; raises ConfigurationError without a baseline."""
        name = baseline or self.baseline
        if not name:
            raise ConfigurationError("no baseline: say --baseline NAME, or set it in evalyard.toml")
        merged = {**self.filters, **filters}
        return replace(self, baseline=name, window=window or self.window, filters=merged)

    def ask(self, ev: Evalyard) -> Gate:
        """The verdict of the service."""
        return ev.usage.gate(
            self.baseline,
            filters=self.filters,
            window=self.candidate_window,
            rules=self.rules,
            min_runs=self.min_runs,
            require_same=self.require_same,
            fdr=self.fdr,
        )

    @property
    def candidate_window(self) -> dict[str, object]:
        """The window of the candidate's runs."""
        return {"last_s": seconds(self.window)}


def read_settings(path: Path | None) -> GateSettings:
    """The settings of a file; without one, of `evalyard.toml` in this folder if it is there."""
    if path is None and not _DEFAULT.exists():
        return GateSettings()
    chosen = path or _DEFAULT
    try:
        found = tomllib.loads(chosen.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{chosen} cannot be read: {error}") from error
    for name, value in found.items():
        if name not in _KNOWN:
            raise ConfigurationError(f"{chosen}: unknown {name!r}; known: {', '.join(_KNOWN)}")
        if not isinstance(value, _KNOWN[name]) or isinstance(value, bool):
            raise ConfigurationError(f"{chosen}: {name} is of a wrong type: {value!r}")
    return GateSettings(**found)
