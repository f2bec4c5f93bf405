"""What the adapters of all datasets say about a label of an extra metric: unit and direction."""

from collections.abc import Iterable
from typing import Literal, TypeVar

import msgspec

from shared.datasets.adapters import ExtraField, adapter_of
from shared.storage.log import DATASET_PREFIX, Catalog, partition

Word = TypeVar("Word", bound=str)


class LabelMeaning(msgspec.Struct, frozen=True):
    """What a label means; None where no adapter says it, or adapters contradict each other."""

    unit: str | None = None
    better: Literal["higher", "lower"] | None = None


def label_meanings(catalog: Catalog, user_id: str) -> dict[str, LabelMeaning]:
    """The meaning of each label that an adapter of the user has."""
    said: dict[str, list[ExtraField]] = {}
    for item in catalog.table.query(partition(user_id), prefix=DATASET_PREFIX):
        for field in adapter_of(item).extra_fields if "adapter" in item else ():
            said.setdefault(field.label, []).append(field)
    return {label: _meaning(fields) for label, fields in said.items()}


def _meaning(fields: list[ExtraField]) -> LabelMeaning:
    return LabelMeaning(
        _agreed(field.unit for field in fields), _agreed(field.better for field in fields)
    )


def _agreed(said: Iterable[Word | None]) -> Word | None:
    """What all who say something say."""
    words = {word for word in said if word is not None}
    return words.pop() if len(words) == 1 else None
