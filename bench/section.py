"""What one measurement says, and how it looks in the documentation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Cell = str | int | float | None


@dataclass(frozen=True)
class Section:
    """A table of measurements: its rows have the columns' names as keys.

    `facts` are figures outside the table, for the report only.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[dict[str, Cell]]
    note: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def markdown(self) -> str:
        """The section as it stands in docs/performance.md."""
        lines = [
            "| " + " | ".join(self.columns) + " |",
            "|" + "---|" * len(self.columns),
            *(self._line(row) for row in self.rows),
        ]
        parts = [f"### {self.title}", "\n".join(lines), self.note]
        return "\n\n".join(part for part in parts if part)

    def _line(self, row: dict[str, Cell]) -> str:
        return "| " + " | ".join(_shown(row.get(column)) for column in self.columns) + " |"


Run = Callable[[], Section]


def _shown(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return "" if cell is None else f"{cell:,}" if isinstance(cell, int) else cell
