// What one can do with a job, as its state allows.

import { useState } from "preact/hooks";
import { Problem, post, remove } from "../../api";
import type { JobAnswer } from "../../api_types";
import { Link } from "../../parts/link";
import { Trouble } from "../../parts/notes";
import { go } from "../../router";

export function JobActions({ job, onDone }: { job: JobAnswer; onDone: () => void }) {
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const act =
    (deed: () => Promise<unknown>, after = onDone) =>
    async () => {
      setBusy(true);
      setTrouble(null);
      try {
        await deed();
        after();
      } catch (error) {
        if (error instanceof Problem) setTrouble(error);
        else throw error;
      }
      setBusy(false);
    };
  const canCancel = job.status === "queued" || job.status === "running";
  const cancel = act(() => post(`/api/jobs/${job.job_id}/cancel`, {}));
  const requeue = act(() => post(`/jobs/${job.job_id}/requeue`, {}));
  const drop = act(
    () => remove(`/jobs/${job.job_id}`),
    () => go("#/dead-letters"),
  );
  return (
    <>
      {trouble && <Trouble problem={trouble} what="That did not work." />}
      {canCancel && (
        <button type="button" class="danger" disabled={busy} onClick={cancel}>
          Cancel
        </button>
      )}
      {job.status === "dead" && (
        <>
          <button type="button" disabled={busy} onClick={requeue}>
            Requeue
          </button>
          <button type="button" class="danger" disabled={busy} onClick={drop}>
            Remove
          </button>
        </>
      )}
      <Link to={["jobs", "new"]} extra={{ clone: job.job_id }} class="button">
        Clone with changes
      </Link>
    </>
  );
}
