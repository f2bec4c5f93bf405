"""Rows of an import that a dataset's adapter maps: its fields, its units, its words."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import asdict, replace

from shared.datasets import Adapter, Arrival, RowNotConvertible, run_of_row
from shared.imports.members import Note, RowRefused
from shared.imports.run import Batch, doubt, given_id, placed, with_conditions
from shared.runs import DIMENSIONS, Run
from shared.segment_ids import run_id_of

_TEXT_FIELDS = ("x_field", "device_field", "model_field", "tag_field", "job_id_field")
# What the adapter says of rows in its dataset; these rows are in none.
_OF_DATASETS = ("dataset", "source_kind", "tenant")


def run_by_adapter(
    members: Mapping[str, Any], place: int, batch: Batch, adapter: Adapter, note: Note
) -> Run:
    """The run that a row describes as the adapter maps it. Raises RowRefused.

    `run_id` keeps its name; without one the run is named by its place.
    """
    run_id = given_id(members) or run_id_of(batch.segment_id, place)
    arrival = Arrival(
        run_id=run_id, tenant=batch.tenant, batch_id=batch.batch_id, at_us=batch.began_us
    )
    try:
        run = run_of_row(members, adapter, arrival)
    except RowNotConvertible as exc:
        raise RowRefused(exc.path, exc.code, exc.detail) from exc
    doubt(asdict(run), note)
    own = {name: getattr(run, name) for name in DIMENSIONS if name not in _OF_DATASETS}
    said = {name: label for name, label in own.items() if label is not None}
    for name in batch.common_labels.keys() - said.keys():
        note(name, "said once, around the rows")
    conditions = {"conditions": with_conditions(run.conditions or {}, batch)}
    labels = batch.otherwise | placed(said, batch, note)
    return replace(run, **{"dataset": None} | labels | conditions)


def names_of(adapter: Adapter) -> frozenset[str]:
    """The columns that the adapter reads."""
    named = {value for name, value in asdict(adapter).items() if name.endswith("_field") and value}
    further = {each.field for each in adapter.extra_fields}
    return frozenset(named | further | {each.field for each in adapter.condition_fields})


def readers_of(
    adapter: Adapter, *, text: Callable[[str], Any], flag: Callable[[str], Any]
) -> dict[str, Callable[[str], Any]]:
    """How cells of the adapter's columns are read: labels and times stay text."""
    texts = [getattr(adapter, name) for name in (*_TEXT_FIELDS, "prompt_preview_field")]
    texts.append(adapter.ok_field if adapter.ok_values else None)
    flags = [extra.field for extra in adapter.extra_fields if extra.kind == "boolean"]
    return dict.fromkeys(flags, flag) | {name: text for name in texts if name is not None}
