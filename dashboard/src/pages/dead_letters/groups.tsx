// How many died of what, or where, and the newest of each.

import type { DeviceGroupAnswer, FailureGroupAnswer } from "../../api_types";
import { Ago } from "../../parts/ago";
import { useFirst } from "../../parts/first";

export type DeadGroup = FailureGroupAnswer | DeviceGroupAnswer;
export type By = "failure" | "device";
const BY: [By, string][] = [
  ["failure", "failure"],
  ["device", "device"],
];
const FEW = 8;

/** The code or the device; null for those that failed on none. */
export function nameOf(group: DeadGroup): string | null {
  return "code" in group ? group.code : group.device;
}

interface Props {
  groups: DeadGroup[];
  /** Whether there are others. */
  more: boolean;
  by: By;
  chosen: string | null;
  onBy: (by: By) => void;
  onChoose: (value: string | null) => void;
}

export function Groups({ groups, more, by, chosen, onBy, onChoose }: Props) {
  const first = useFirst(groups, FEW);
  return (
    <section class="groups" aria-label="Groups">
      <p class="row">
        {BY.map(([name, label]) => (
          <button
            key={name}
            type="button"
            class="quiet"
            aria-pressed={by === name}
            onClick={() => onBy(name)}
          >
            By {label}
          </button>
        ))}
        {more && <span class="note">the {groups.length.toLocaleString("en-US")} with most</span>}
      </p>
      <ul class="cards" aria-label={`By ${by}`}>
        {first.rows.map((group) => (
          <Card
            key={nameOf(group) ?? ""}
            group={group}
            isChosen={chosen !== null && chosen === nameOf(group)}
            onChoose={onChoose}
          />
        ))}
      </ul>
      {first.more}
    </section>
  );
}

interface CardProps {
  group: DeadGroup;
  isChosen: boolean;
  onChoose: (value: string | null) => void;
}

function Card({ group, isChosen, onChoose }: CardProps) {
  const name = nameOf(group);
  const { newest } = group;
  return (
    <li>
      <button
        type="button"
        class="card pick"
        aria-pressed={isChosen}
        disabled={name === null}
        onClick={() => onChoose(isChosen ? null : name)}
      >
        <span class="row">
          <strong class="count" data-count={group.count}>
            {group.count.toLocaleString("en-US")}
          </strong>
          <code class={"code" in group ? "bad" : ""}>{name ?? "on no device"}</code>
        </span>
        <span class="note wrap">{newest.failure?.message}</span>
        <span class="note">
          newest <Ago at={newest.dead_at} /> · {newest.model}
          {"code" in group && newest.failure?.device && ` · ${newest.failure.device}`}
        </span>
      </button>
    </li>
  );
}
