// A job's life on one line: queued, claimed, first token, finished.

import type { JobDetailAnswer, ResultAnswer } from "../../api_types";
import { useNow } from "../../clock";
import { duration, offset } from "../../pure/format";
import { zoneOf } from "../../pure/route";
import { firstToken, stretches } from "../../pure/timeline";
import { stamp } from "../../pure/times";
import { useRoute } from "../../router";

export function Timeline({ job, result }: { job: JobDetailAnswer; result: ResultAnswer | null }) {
  const now = useNow();
  const zone = zoneOf(useRoute());
  const found = stretches(job, result, now);
  const from = found[0]?.from ?? 0;
  const length = Math.max(1, (found.at(-1)?.to ?? 0) - from);
  const token = firstToken(job, result);
  const events: [string, number | null, string?][] = [
    ["Queued", Date.parse(job.created_at)],
    ["Claimed", job.started_at ? Date.parse(job.started_at) : null],
    [
      "First token",
      token,
      token === null && result
        ? "Not known here: what the device measured does not fit between our start and end"
        : "Of the last repetition, reckoned back from the end by what the device measured",
    ],
    ["Finished", job.finished_at ? Date.parse(job.finished_at) : null],
  ];
  return (
    <section class="card timeline" aria-label="Timeline">
      <div class="track">
        {found.map((each) => (
          <i
            key={each.kind + each.from}
            class={each.kind}
            style={{ width: `${((each.to - each.from) / length) * 100}%` }}
            title={`${each.name}: ${duration(each.to - each.from)}`}
          />
        ))}
      </div>
      <ul class="legend">
        {found.map((each) => (
          <li key={each.kind + each.from} class="note">
            <i class={`swatch ${each.kind}`} />
            {each.name} <strong>{duration(each.to - each.from)}</strong>
          </li>
        ))}
      </ul>
      <ol class="events">
        {events.map(([name, at, why]) => (
          <li key={name} data-past={at !== null} title={why}>
            <span class="note">{name}</span>
            <span>{at === null ? "–" : stamp(at, zone).slice(11)}</span>
            <span class="note">{at === null || name === "Queued" ? "" : offset(at - from)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
