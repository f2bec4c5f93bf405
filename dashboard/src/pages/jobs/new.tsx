// The form that submits a job: blank, or with what another job had.

import { useEffect, useState } from "preact/hooks";
import { all, get, Problem, post } from "../../api";
import type { DatasetEntry, DeviceAnswer, JobAnswer, JobDetailAnswer } from "../../api_types";
import { Copy } from "../../parts/copy";
import { useDraft } from "../../parts/draft";
import { Trouble } from "../../parts/notes";
import { commandOf } from "../../pure/commands";
import { curlOf } from "../../pure/curl";
import { BLANK, bodyOf, formOf, type JobForm } from "../../pure/job_form";
import { useQuery } from "../../query";
import { go, useRoute } from "../../router";
import { MOST_DEVICES } from "./dimensions";
import { JobFields } from "./fields";

interface Would {
  queue: string;
  ahead: number;
  reasons: string[];
}

export function NewJob() {
  const clone = useRoute().query.get("clone");
  return <Submission key={clone} clone={clone} />;
}

function Submission({ clone }: { clone: string | null }) {
  const path = clone && `/api/jobs/${encodeURIComponent(clone)}`;
  const cloned = useQuery<JobDetailAnswer>(path, (signal) => get(path ?? "", signal), path ?? "");
  const devices = useQuery("devices", (signal) =>
    all<DeviceAnswer>("/devices", [], MOST_DEVICES, signal),
  );
  const datasets = useQuery("datasets", (signal) =>
    all<DatasetEntry>("/user/data/list", [], 1000, signal),
  );
  const [form, setForm] = useDraft<JobForm>(`job ${clone}`, BLANK);
  const [answer, setAnswer] = useState<{ would?: Would; problem?: Problem }>({});
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (cloned.data && form === BLANK) setForm(formOf(cloned.data));
  }, [cloned.data]);
  const body = bodyOf(form, cloned.data?.options);
  const send = async <T,>(url: string, then: (got: T) => void) => {
    setBusy(true);
    setAnswer({});
    try {
      then(await post<T>(url, body));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setAnswer({ problem: error });
    }
    setBusy(false);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    send<JobAnswer>("/api/jobs", (job) => {
      setForm(BLANK);
      go(`#/jobs/${job.job_id}`);
    });
  };
  const check = () => send<Would>("/api/jobs?dry_run=1", (would) => setAnswer({ would }));
  return (
    <>
      <h1>{clone ? "Clone with changes" : "Submit a job"}</h1>
      {clone && (
        <p class="note">
          As <code>{clone}</code>, until you change it.
        </p>
      )}
      {cloned.error && <Trouble problem={cloned.error} what="The job to clone cannot be shown." />}
      <form class="card job-form" onSubmit={submit}>
        <JobFields
          form={form}
          onChange={(changes) => setForm({ ...form, ...changes })}
          devices={devices.data?.data ?? []}
          datasets={datasets.data?.data ?? []}
          faults={answer.problem?.errors ?? []}
        />
        {answer.problem && <Trouble problem={answer.problem} what="It would not be taken." />}
        {answer.would && (
          <p class="good" role="status">
            ✓ It would be queued in <code>{answer.would.queue}</code>, with {answer.would.ahead}{" "}
            ahead.
            {answer.would.reasons.length > 0 &&
              ` ${answer.would.reasons.map((each) => each.replaceAll("_", " ")).join("; ")}.`}
          </p>
        )}
        <p class="row">
          <button type="submit" class="primary" disabled={busy || !form.prompt || !form.model}>
            Submit
          </button>
          <button type="button" disabled={busy || !form.prompt || !form.model} onClick={check}>
            Check first (dry run)
          </button>
          <Copy
            text={() => curlOf(location.origin, "/api/jobs", { method: "POST", json: body })}
            label="Copy as curl"
          />
          <Copy
            text={() => commandOf("/api/jobs", { method: "POST", json: body }) ?? ""}
            label="Copy as command"
          />
        </p>
      </form>
    </>
  );
}
