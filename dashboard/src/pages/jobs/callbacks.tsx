// How telling the callback address went, and telling it again.

import { useState } from "preact/hooks";
import { get, type Page, Problem, post } from "../../api";
import type { CallbackAnswer, JobAnswer } from "../../api_types";
import { useEvery, useNow } from "../../clock";
import { Ago } from "../../parts/ago";
import { Trouble } from "../../parts/notes";
import { type Column, Table } from "../../parts/table";
import { duration } from "../../pure/format";
import { useQuery } from "../../query";

const LOOK_AGAIN_MS = 4_000;

export function Callbacks({ job }: { job: JobAnswer }) {
  const now = useNow();
  const [isDelivered, setDelivered] = useState(false);
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const path = job.callback_url ? `/api/jobs/${job.job_id}/callbacks` : null;
  // Looked at again until one has arrived.
  const [looks, setLooks] = useState(0);
  const isAwaited = path !== null && !isDelivered && job.finished_at !== null;
  useEvery(isAwaited ? LOOK_AGAIN_MS : null, () => setLooks((before) => before + 1));
  const { data, error } = useQuery<Page<CallbackAnswer>>(
    path && `${path} ${job.status} ${looks}`,
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
      {data && (
        <Table
          label="Callbacks"
          isStack
          columns={columnsWith(now, redeliver)}
          rows={data.data}
          keyOf={(each) => each.webhook_id + each.at}
          about={(each) => ({ "data-callback": each.ok })}
          empty="None was sent yet; there is one when the job ends."
        />
      )}
    </section>
  );
}

type Redeliver = (id: string) => void;

function columnsWith(now: number, onRedeliver: Redeliver): Column<CallbackAnswer>[] {
  return [
    { name: "When", cell: (each) => <Ago at={each.at} /> },
    { name: "Type", cell: (each) => each.type },
    {
      name: "Answer",
      about: (each) => ({ class: each.ok ? "good" : "bad" }),
      cell: (each) => `${each.ok ? "✓" : "✕"} ${each.status_code ?? ""} ${each.error ?? ""}`,
    },
    { name: "Next try", cell: (each) => nextTry(each, now) },
    {
      name: "Again",
      isHidden: true,
      phone: "bare",
      cell: (each) => (
        <button type="button" class="quiet" onClick={() => onRedeliver(each.webhook_id)}>
          Deliver again
        </button>
      ),
    },
  ];
}

function nextTry(each: CallbackAnswer, now: number): string {
  if (!each.next_at) return "–";
  const wait = Date.parse(each.next_at) - now;
  return wait > 0 ? `in ${duration(Math.max(1_000, wait))}` : "now";
}
