"""The columns of runs: the one place where each is named, typed and described.

From here follow segments and Parquet (`schema`, `block`), the JSON and CSV of the API, the
filters and groups of usage, the keys of an imported row, the OpenAPI model and docs/runs.md.
Append a column to `Run`; never reorder or rename one, because files are kept by these names.
"""

import types
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec

from shared.clock import SECOND_US
from shared.runs.conditions import condition_values

Kind = Literal["text", "count", "amount", "flag", "instant", "numbers", "texts"]
Role = Literal["dimension", "metric", "detail"]

PREVIEW_CHARACTERS = 200
_KINDS: dict[Any, Kind] = {
    str: "text",
    int: "count",
    float: "amount",
    bool: "flag",
    dict[str, float]: "numbers",
    dict[str, str]: "texts",
}


_TO_DERIVE = "derived from tokens, latency_ms and ttft_ms"
_BY_SERVER = "generated; an id that exists already marks a duplicate"

Text = str | None
Count = int | None
Amount = float | None


class Column(msgspec.Struct, frozen=True):
    """What a column of runs is.

    `about`: what a value means, with its unit. `csv`: its place in an export, None for a
    column that the API does not show. `absent`: what an import takes, instead of null, where
    a row has no such member or null. `cut`: text is cut to so many characters; other text
    is refused above a limit. `name`, `kind` and `nullable` are read off the member of `Run`.
    """

    about: str
    csv: int | None = None
    absent: str = ""
    role: Role = "detail"
    filterable: bool = False
    cut: int | None = None
    name: str = ""
    kind: Kind = "text"
    nullable: bool = False

    @property
    def public_name(self) -> str:
        """How the API, Parquet and CSV call it: only an instant is in another unit there."""
        return self.name.removesuffix("_us") if self.kind == "instant" else self.name


def _dimension(about: str, csv: int, absent: str = "") -> Column:
    """What runs are filtered and grouped by."""
    return Column(about, csv, absent, role="dimension", filterable=True)


def _metric(about: str, csv: int, absent: str = "", *, filterable: bool = False) -> Column:
    """What statistics are made of."""
    return Column(about, csv, absent, role="metric", filterable=filterable)


_SOURCE_KIND = _dimension(
    "Where it comes from: dataset, job, gateway, import, or a word of yours.", 15, "import"
)
_CONDITIONS = Column("Under what it ran: up to 16 texts, numbers or booleans by name.", 19, "{}")
_PREVIEW = Column("The beginning of the prompt.", 16, cut=PREVIEW_CHARACTERS)


class Run(msgspec.Struct, frozen=True, gc=False):
    """One run; None means not measured, or not known. `ts_us` is in microseconds since the
    epoch.
    """

    run_id: Annotated[str, Column("Its id.", 17, _BY_SERVER)]
    ts_us: Annotated[int, Column("When it happened.", 1, "the time of the import")]
    device: Annotated[Text, _dimension("The device that it ran on.", 3)] = None
    model: Annotated[Text, _dimension("The model.", 4)] = None
    tag: Annotated[Text, _dimension("Any label.", 5)] = None
    tenant: Annotated[Text, _dimension("Whom it is counted for.", 6, "the caller's")] = None
    prompt_tokens: Annotated[Count, _metric("Tokens of the prompt.", 7)] = None
    completion_tokens: Annotated[Count, _metric("Tokens that were generated.", 8)] = None
    latency_ms: Annotated[Amount, _metric("From the request to the last token, ms.", 9)] = None
    ttft_ms: Annotated[Amount, _metric("From the request to the first token, ms.", 10)] = None
    tok_s: Annotated[Amount, _metric("Decode speed, tokens a second.", 11, _TO_DERIVE)] = None
    ok: Annotated[bool, _metric("Whether it succeeded.", 12, "true", filterable=True)] = True
    job_id: Annotated[Text, Column("The job that made the run.", 13)] = None
    dataset: Annotated[Text, _dimension("The dataset that it belongs to.", 14)] = None
    source_kind: Annotated[str, _SOURCE_KIND] = "dataset"
    prompt_preview: Annotated[Text, _PREVIEW] = None
    extra: Annotated[dict[str, float], _metric("Further numbers by label.", 18, "{}")] = {}
    batch_id: Annotated[Text, Column("The append, import or job that brought it.")] = None
    conditions: Annotated[dict[str, str], _CONDITIONS] = {}

    def document(self) -> dict[str, Any]:
        """The run as the API shows it; `ts` is epoch seconds."""
        found = {column.public_name: getattr(self, column.name) for column in SHOWN}
        return found | {
            "ts": self.ts_us / SECOND_US,
            "conditions": condition_values(self.conditions),
        }


def _column(name: str, hint: Any) -> Column:
    declared, annotation = get_args(hint)
    column: Column = annotation
    kinds = get_args(declared) if isinstance(declared, types.UnionType) else (declared,)
    kind: Kind = "instant" if name == "ts_us" else _KINDS[kinds[0]]
    return msgspec.structs.replace(column, name=name, kind=kind, nullable=types.NoneType in kinds)


# In the order in which they are stored.
COLUMNS: tuple[Column, ...] = tuple(
    _column(name, hint) for name, hint in get_type_hints(Run, include_extras=True).items()
)
# What runs can be grouped by, and what they can be filtered by.
DIMENSIONS = tuple(column.name for column in COLUMNS if column.role == "dimension")
FILTERS = {column.name: column for column in COLUMNS if column.filterable}
# What statistics are made of, and what of it has a distribution each.
MEASURED = tuple(column.name for column in COLUMNS if column.role == "metric")
AMOUNTS = tuple(column.name for column in COLUMNS if column.kind == "amount")
# Those that the API shows, in the order of JSON and in that of an export (docs/contract.md).
SHOWN = tuple(column for column in COLUMNS if column.csv is not None)
EXPORTED = tuple(sorted(SHOWN, key=lambda column: column.csv or 0))
