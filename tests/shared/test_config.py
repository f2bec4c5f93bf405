"""Settings come from the environment, once, with their types."""

from dataclasses import dataclass

import pytest

from shared.config import SettingMissing, read_settings


@dataclass(frozen=True)
class Settings:
    data_bucket: str
    max_days: int
    allow_private: bool


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    read_settings.cache_clear()
    monkeypatch.setenv("DATA_BUCKET", "b")
    monkeypatch.setenv("MAX_DAYS", "7")
    monkeypatch.setenv("ALLOW_PRIVATE", "true")


def test_fields_are_read_with_their_types() -> None:
    assert read_settings(Settings) == Settings("b", 7, True)


@pytest.mark.parametrize(("text", "value"), [("TRUE", True), ("false", False), ("", False)])
def test_flag_is_true_only_when_it_says_so(
    monkeypatch: pytest.MonkeyPatch, text: str, value: bool
) -> None:
    monkeypatch.setenv("ALLOW_PRIVATE", text)

    assert read_settings(Settings).allow_private is value


def test_error_names_the_variable_when_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAX_DAYS")

    with pytest.raises(SettingMissing, match="MAX_DAYS"):
        read_settings(Settings)
