"""Tables of Arrow, with what is asked of pyarrow; the package itself is not needed for tests."""

import sys
from types import ModuleType, SimpleNamespace

import pytest


def test_items_become_a_table_when_pyarrow_is_there(ev, monkeypatch) -> None:
    pyarrow = ModuleType("pyarrow")
    pyarrow.Table = SimpleNamespace(from_pylist=lambda rows: ("table", rows))
    monkeypatch.setitem(sys.modules, "pyarrow", pyarrow)
    ev.datasets.append("rows", [{"n": 1}])

    kind, rows = ev.datasets.list().to_arrow()

    assert (kind, rows[0]["dataset"], rows[0]["rows"]) == ("table", "rows", 1)


def test_runs_are_parquet_when_they_are_read_as_a_table(ev, monkeypatch) -> None:
    pyarrow, parquet = ModuleType("pyarrow"), ModuleType("pyarrow.parquet")
    pyarrow.BufferReader = bytes
    pyarrow.parquet = parquet
    parquet.read_table = lambda content: content[:4] + content[-4:]
    monkeypatch.setitem(sys.modules, "pyarrow", pyarrow)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", parquet)
    ev.usage.import_file(b'[{"latency_ms": 900.0}]')

    assert ev.usage.to_arrow(window={"last_s": 3_600}) == b"PAR1PAR1"


def test_it_says_what_to_install_when_pyarrow_is_missing(ev, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(ImportError, match=r"evalyard\[arrow\]"):
        ev.datasets.list().to_arrow()
