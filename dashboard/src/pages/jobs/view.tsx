// One job: where it is, what it measured and how, what it said.

import { useEffect, useState } from "preact/hooks";
import { get, type Problem } from "../../api";
import type { JobDetailAnswer, ResultAnswer } from "../../api_types";
import { useEvery } from "../../clock";
import { Ago } from "../../parts/ago";
import { Copy } from "../../parts/copy";
import { Flags } from "../../parts/flags";
import { Link } from "../../parts/link";
import { Command, LongText, Skeleton, Trouble } from "../../parts/notes";
import { StatusPill } from "../../parts/status_pill";
import { commandOf } from "../../pure/commands";
import { curlOf } from "../../pure/curl";
import { mayPass } from "../../pure/passing";
import { type Loaded, useQuery } from "../../query";
import { JobActions } from "./actions";
import { Callbacks } from "./callbacks";
import { Facts } from "./facts";
import { Measured } from "./measured";
import { Samples } from "./samples";
import { TelemetryTable } from "./telemetry";
import { Timeline } from "./timeline";

const LOOK_AGAIN_MS = 2_000;

export function JobView({ id }: { id: string }) {
  const [turn, setTurn] = useState(0);
  const path = `/api/jobs/${encodeURIComponent(id)}`;
  const [isOver, setOver] = useState(false);
  const [isLost, setLost] = useState(false);
  const [looks, setLooks] = useState(0);
  useEvery(isOver || isLost ? null : LOOK_AGAIN_MS, () => setLooks((before) => before + 1));
  const loaded = useQuery<JobDetailAnswer>(
    `${path} ${turn} ${looks}`,
    async (signal) => {
      const job: JobDetailAnswer = await get(path, signal);
      setOver(job.finished_at !== null);
      return job;
    },
    path,
  );
  useEffect(() => setLost(loaded.error !== null && !mayPass(loaded.error.status)), [loaded.error]);
  const job = loaded.data;
  const asked = job?.status === "succeeded" ? `${path}/result?full=1` : null;
  const result = useQuery<ResultAnswer>(
    asked && `${asked} ${turn}`,
    (signal) => get(asked ?? "", signal),
    path,
  );
  const again = () => {
    setOver(false);
    setLost(false);
    setTurn(turn + 1);
  };
  if (loaded.error && !job) return <Absent id={id} problem={loaded.error} onAgain={again} />;
  if (!job) return <Skeleton height={400} />;
  return (
    <>
      <header class="row title">
        <h1 class="mono wrap">{job.job_id}</h1>
        <Copy text={() => job.job_id} label="Copy id" />
        <StatusPill status={job.status} title={job.status_detail} />
        {job.status_reason && <span class="note">{job.status_reason.replaceAll("_", " ")}</span>}
        {job.status_detail && <span class="note wrap">{job.status_detail}</span>}
        {job.queue && <span class="note">{job.queue.ahead} ahead</span>}
        <Flags flags={result.data?.flags} />
        <span class="push" />
        <Copy
          text={() => curlOf(location.origin, asked ?? path)}
          label="curl"
          title="Copy the request as curl"
        />
        <Copy
          text={() => commandOf(asked ?? path) ?? ""}
          label="command"
          title="Copy the command evalyard for it"
        />
        <JobActions job={job} onDone={again} />
      </header>
      {loaded.error && (
        <Trouble problem={loaded.error} what="The job could not be loaded again." onAgain={again} />
      )}
      {job.failure && (
        <div class="trouble">
          <strong>{job.failure.code}</strong> {job.failure.message}{" "}
          <span class="note">
            {job.failure.device && `on ${job.failure.device} · `}
            {job.failure.retryable ? "could be tried again" : "trying again would not help"}
          </span>
        </div>
      )}
      {result.error && asked && (
        <>
          <Trouble problem={result.error} what="The result cannot be shown." onAgain={again} />
          <Command text={`${curlOf(location.origin, asked)} -L`} />
        </>
      )}
      <Timeline job={job} result={result.data} />
      <div class="grid">
        <section class="card">
          <h2>Output</h2>
          {result.data ? (
            <LongText label="Output of the model" data-output>
              {result.data.output || "(nothing)"}
            </LongText>
          ) : (
            <p class="blank">{whyBlank(job, result)}</p>
          )}
        </section>
        <section class="card">
          <h2>Prompt</h2>
          {job.system && <LongText label="System prompt">{job.system}</LongText>}
          <LongText label="Text of the prompt">{job.prompt}</LongText>
        </section>
        {result.data && <Measured result={result.data} />}
        <Facts job={job} />
        {result.data && <Samples result={result.data} />}
        {result.data?.telemetry && <TelemetryTable telemetry={result.data.telemetry} />}
      </div>
      <Callbacks job={job} />
      {result.data?.log && (
        <details class="card">
          <summary>Log of the device</summary>
          <LongText label="Log">{result.data.log}</LongText>
        </details>
      )}
      <p class="note">
        Created <Ago at={job.created_at} /> · <Link to={["jobs"]}>all jobs</Link>
      </p>
    </>
  );
}

/** Why there is no output: an answer on its way is none that there is not. */
function whyBlank(job: JobDetailAnswer, result: Loaded<ResultAnswer>): string {
  if (result.loading) return "Looking…";
  return job.finished_at ? "No output." : "Not yet.";
}

interface AbsentProps {
  id: string;
  problem: Problem;
  onAgain: () => void;
}

function Absent({ id, problem, onAgain }: AbsentProps) {
  return (
    <>
      <h1 class="mono wrap">{id}</h1>
      <Trouble problem={problem} what="This job cannot be shown." onAgain={onAgain} />
      <p>
        <Link to={["jobs"]}>All jobs</Link>
      </p>
    </>
  );
}
