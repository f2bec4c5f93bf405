// Where a metric shifted, and what changed with it: lines across the chart, and words under it.

import { get } from "../../api";
import type { ChangeAnswer, ChangesAnswer } from "../../api_types";
import { useAsOf } from "../../clock";
import { spoken, type Value, valueNamed } from "../../pure/conditions";
import { signedPct } from "../../pure/format";
import { pathWith } from "../../pure/request";
import { stamp, type Zone } from "../../pure/times";
import { useQuery } from "../../query";
import type { View } from "../../view";

/** How many are listed, and marked: among more lines than that one sees none. */
export const MOST = 5;
const NONE: ChangeAnswer[] = [];

/** The changes of the window, the newest first; none while they are not known. */
export function useChanges(metric: string, view: View): ChangeAnswer[] {
  const asOf = useAsOf();
  const path = pathWith("/usage/changes", [...view.asked, ["metric", metric]]);
  const { data } = useQuery<ChangesAnswer>(
    `${path} ${asOf}`,
    (signal) => get(path, signal),
    view.asked.filter(([name]) => name !== "from" && name !== "to").join() + metric,
  );
  return data?.changes ?? NONE;
}

export function Changes({ changes, zone }: { changes: ChangeAnswer[]; zone: Zone }) {
  if (changes.length === 0) return null;
  return (
    <ul class="changes" aria-label="Changes">
      {changes.slice(0, MOST).map((each) => (
        <li key={each.at} data-change={each.verdict}>
          <span class={each.verdict === "improved" ? "good" : "bad"}>
            {signedPct(each.delta_pct)} {each.verdict}
          </span>{" "}
          <span class="note">
            since {stamp(Date.parse(each.at), zone)}
            {whatChanged(each)}
          </span>
        </li>
      ))}
      {changes.length > MOST && <li class="note">and {changes.length - MOST} more</li>}
    </ul>
  );
}

/** The fields that have other values since; those with the fewest values say most. */
function whatChanged({ conditions_changed }: ChangeAnswer): string {
  const said = [...conditions_changed]
    .sort((x, y) => x.before.length + x.after.length - y.before.length - y.after.length)
    .slice(0, 3)
    .map((each) => `${spoken(each.field)} ${named(each.before)} → ${named(each.after)}`);
  return said.length ? ` · ${said.join(", ")}` : "";
}

function named(values: Value[]): string {
  const [first, ...rest] = values.map(valueNamed);
  return rest.length ? `${first} and ${rest.length} more` : (first ?? "(none)");
}
