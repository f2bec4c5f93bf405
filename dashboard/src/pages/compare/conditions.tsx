// What differs besides what was to be compared: the first thing to read of a comparison.

import type { ConditionDifference } from "../../api_types";
import { type Column, Table } from "../../parts/table";
import { valuesOf } from "../../pure/comparing";
import { spoken } from "../../pure/conditions";

const COLUMNS: Column<ConditionDifference>[] = [
  { name: "Condition", isHeading: true, cell: (each) => spoken(each.field) },
  { name: "A", class: "wrap", cell: (each) => valuesOf(each, "a") },
  { name: "B", class: "wrap", cell: (each) => valuesOf(each, "b") },
];

export function Conditions({ conditions }: { conditions: ConditionDifference[] }) {
  if (conditions.length === 0)
    return (
      <p class="good same">✓ Both sides ran under the same conditions, as far as is recorded.</p>
    );
  return (
    <section class="card conditions">
      <h2>Conditions that differ</h2>
      <p class="note">
        Besides what you compare on purpose, each of these may be the reason for a difference.
      </p>
      <Table
        label="Conditions that differ"
        columns={COLUMNS}
        rows={conditions}
        keyOf={(each) => each.field}
        about={(each) => ({ "data-condition": each.field })}
      />
    </section>
  );
}
