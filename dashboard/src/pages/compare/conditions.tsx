// What differs besides what was to be compared: the first thing to read of a comparison.

import type { ConditionDifference } from "../../api_types";
import { Scroll } from "../../parts/scroll";
import { valuesOf } from "../../pure/comparing";

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
      <Scroll label="Conditions that differ">
        <table>
          <thead>
            <tr>
              <th scope="col">Condition</th>
              <th scope="col">A</th>
              <th scope="col">B</th>
            </tr>
          </thead>
          <tbody>
            {conditions.map((each) => (
              <tr key={each.field} data-condition={each.field}>
                <th scope="row">{each.field.replaceAll("_", " ")}</th>
                <td class="wrap">{valuesOf(each, "a")}</td>
                <td class="wrap">{valuesOf(each, "b")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
