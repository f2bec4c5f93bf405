// How telling the callback address went, and telling it again.

import { useState } from "preact/hooks";
import { get, type Page, Problem, post } from "../../api";
import type { CallbackAnswer, JobAnswer } from "../../api_types";
import { useNow } from "../../clock";
import { Ago } from "../../parts/ago";
import { Trouble } from "../../parts/notes";
import { Scroll } from "../../parts/scroll";
import { duration } from "../../pure/format";
import { useQuery } from "../../query";

const LOOK_AGAIN_MS = 4_000;

export function Callbacks({ job }: { job: JobAnswer }) {
  const now = useNow();
  const [isDelivered, setDelivered] = useState(false);
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const path = job.callback_url ? `/api/jobs/${job.job_id}/callbacks` : null;
  // Looked at again until one has arrived.
  const look = isDelivered || !job.finished_at ? "" : Math.floor(now / LOOK_AGAIN_MS);
  const { data, error } = useQuery<Page<CallbackAnswer>>(
    path && `${path} ${job.status} ${look}`,
    async (signal) => {
      const page: Page<CallbackAnswer> = await get(path ?? "", signal);
      setDelivered(page.data.some((each) => each.ok));
      return page;
    },
    path ?? "",
  );
  if (!path) return null;
  const redeliver = async (id: string) => {
    setTrouble(null);
    try {
      await post(`${path}/${encodeURIComponent(id)}/redeliver`, {});
      setDelivered(false);
    } catch (failed) {
      if (!(failed instanceof Problem)) throw failed;
      setTrouble(failed);
    }
  };
  return (
    <section class="card">
      <h2>
        Callbacks to <code class="wrap">{job.callback_url}</code>
      </h2>
      {error && <Trouble problem={error} what="The callbacks could not be loaded." />}
      {trouble && <Trouble problem={trouble} what="It was not delivered again." />}
      {data?.data.length === 0 && (
        <p class="note">None was sent yet; there is one when the job ends.</p>
      )}
      {data && data.data.length > 0 && (
        <CallbackTable tries={data.data} now={now} onRedeliver={redeliver} />
      )}
    </section>
  );
}

interface Props {
  tries: CallbackAnswer[];
  now: number;
  onRedeliver: (id: string) => void;
}

const COLUMNS = ["When", "Type", "Answer", "Next try"] as const;

function CallbackTable({ tries, now, onRedeliver }: Props) {
  return (
    <Scroll label="Callbacks">
      <table class="stack">
        <thead>
          <tr>
            {[...COLUMNS, ""].map((name) => (
              <th key={name} scope="col">
                {name || <span class="hidden">Again</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {tries.map((each) => (
            <tr key={each.webhook_id + each.at} data-callback={each.ok}>
              <td data-label={COLUMNS[0]}>
                <Ago at={each.at} />
              </td>
              <td data-label={COLUMNS[1]}>{each.type}</td>
              <td data-label={COLUMNS[2]} class={each.ok ? "good" : "bad"}>
                {each.ok ? "✓" : "✕"} {each.status_code ?? ""} {each.error ?? ""}
              </td>
              <td data-label={COLUMNS[3]}>{nextTry(each, now)}</td>
              <td>
                <button type="button" class="quiet" onClick={() => onRedeliver(each.webhook_id)}>
                  Deliver again
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function nextTry(each: CallbackAnswer, now: number): string {
  if (!each.next_at) return "–";
  const wait = Date.parse(each.next_at) - now;
  return wait > 0 ? `in ${duration(Math.max(1_000, wait))}` : "now";
}
