// How many died of what, and the newest of each.

import type { FailureGroupAnswer } from "../../api_types";
import { Ago } from "../../parts/ago";

interface Props {
  groups: FailureGroupAnswer[];
  chosen: string | null;
  onChoose: (code: string | null) => void;
}

export function Groups({ groups, chosen, onChoose }: Props) {
  const sorted = [...groups].sort((a, b) => b.count - a.count);
  return (
    <ul class="cards" aria-label="By failure">
      {sorted.map((group) => (
        <li key={group.code}>
          <button
            type="button"
            class="card pick"
            aria-pressed={chosen === group.code}
            onClick={() => onChoose(chosen === group.code ? null : group.code)}
          >
            <span class="row">
              <strong class="count" data-count={group.count}>
                {group.count}
              </strong>
              <code class="bad">{group.code}</code>
            </span>
            <span class="note wrap">{group.newest.failure?.message}</span>
            <span class="note">
              newest <Ago at={group.newest.dead_at} /> · {group.newest.model}
              {group.newest.failure?.device && ` · ${group.newest.failure.device}`}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
