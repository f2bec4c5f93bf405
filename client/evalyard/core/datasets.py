"""What is asked about datasets, other than appending."""

from __future__ import annotations

from typing import Any

from evalyard.core.sending import Patience, ask, exchange, get, post
from evalyard.core.wire import Request, Steps, query
from evalyard.models import Rows, SavedAdapter, Undo


def rows(dataset: str, params: dict[str, object], patience: Patience) -> Steps[Rows]:
    """A page of rows."""
    return ask(get("/user/data/get", query({"dataset": dataset, **params})), Rows, patience)


def adapter(dataset: str, patience: Patience) -> Steps[SavedAdapter]:
    """The dataset's adapter."""
    return ask(get("/user/data/get_adapter", query({"dataset": dataset})), SavedAdapter, patience)


def save_adapter(body: dict[str, Any], backfill: bool, patience: Patience) -> Steps[SavedAdapter]:
    """Saves an adapter; `backfill` also converts the rows that are there."""
    params = query({"backfill": backfill or None})
    return ask(post("/user/data/save_adapter", body, params), SavedAdapter, patience)


def undo(batch_id: str, patience: Patience) -> Steps[Undo]:
    """Takes one append or import back."""
    return ask(post("/user/data/undo", {"batch_id": batch_id}), Undo, patience)


def remove(dataset: str, usage: bool, patience: Patience) -> Steps[None]:
    """Deletes a dataset; `usage` removes the runs that came of it too."""
    params = query({"dataset": dataset, "usage": usage or None})
    yield from exchange(Request("DELETE", "/user/data/delete", params), patience)
