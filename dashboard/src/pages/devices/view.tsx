// One device: its condition over the last reports, what it serves, its latest jobs.

import { useMemo } from "preact/hooks";
import { all, get } from "../../api";
import type { DeviceDetailAnswer, JobAnswer, TelemetryAnswer } from "../../api_types";
import type { Drawing } from "../../charts/lines";
import { TimeChart } from "../../charts/time_chart";
import { refresh, useAsOf, useLive } from "../../clock";
import { Ago } from "../../parts/ago";
import { Link } from "../../parts/link";
import { Skeleton, Trouble } from "../../parts/notes";
import { StatusPill } from "../../parts/status_pill";
import { amount, duration } from "../../pure/format";
import { withGaps } from "../../pure/gaps";
import { callsSaid } from "../../pure/places";
import { pathWith, type Query } from "../../pure/request";
import { zoneOf } from "../../pure/route";
import { useQuery } from "../../query";
import { useRoute } from "../../router";
import { Condition, TakesNoJob } from "./condition";

// A device that says nothing for so long counts as offline.
const SILENT_S = 60;
const READINGS: [keyof TelemetryAnswer, string, string, string][] = [
  ["temperature_c", "Temperature", "°C", "--c7"],
  ["battery", "Battery", "%", "--c2"],
  ["cpu_pct", "CPU", "%", "--c0"],
  ["memory_pct", "Memory", "%", "--c4"],
];

export function DeviceView({ id }: { id: string }) {
  const asOf = useAsOf();
  const zone = zoneOf(useRoute());
  useLive(true);
  const path = `/devices/${encodeURIComponent(id)}`;
  const { data: device, error } = useQuery<DeviceDetailAnswer>(
    `${path} ${asOf}`,
    (signal) => get(path, signal),
    path,
  );
  const asked: Query = [["device", id]];
  const jobs = useQuery(
    `${path} jobs ${asOf}`,
    (signal) => all<JobAnswer>("/api/jobs", asked, 10, signal),
    path,
  );
  if (error && !device)
    return <Trouble problem={error} what="This device cannot be shown." onAgain={refresh} />;
  if (!device) return <Skeleton height={300} />;
  return (
    <>
      <header class="row title">
        <h1>{device.name ?? device.serial}</h1>
        <StatusPill status={device.state} />
        <span class="note">
          <code>{device.serial}</code> · seen <Ago at={device.last_seen_at} />
        </span>
        <span class="push" />
        <Link to={["overview"]} extra={{ device: device.serial }} class="button">
          Its usage
        </Link>
      </header>
      <section class="card">
        <Condition device={device} />
        <TakesNoJob device={device} />
        <dl class="facts">
          <div>
            <dt>Models</dt>
            <dd class="wrap">{device.models.join(", ") || "none"}</dd>
          </div>
          <div>
            <dt>Queues</dt>
            <dd>{device.queue_tags.join(", ")}</dd>
          </div>
          <div>
            <dt>Runs now</dt>
            <dd>
              {device.job_id ? (
                <Link to={["jobs", device.job_id]}>{device.job_id}</Link>
              ) : (
                (callsSaid(device) ?? (device.using ? "a job that is not yours" : "nothing"))
              )}
            </dd>
          </div>
          <div>
            <dt>Calls</dt>
            <dd data-calls={device.calls_running}>
              {device.takes_calls ? (
                <Link to={["playground"]}>takes calls of the gateway</Link>
              ) : (
                "takes none now"
              )}
            </dd>
          </div>
          <div>
            <dt>Runner</dt>
            <dd>
              {[device.runner_version, device.backend].filter(Boolean).join(", ") || "unknown"}
            </dd>
          </div>
          {device.note && (
            <div>
              <dt>Note</dt>
              <dd class="wrap">{device.note}</dd>
            </div>
          )}
        </dl>
      </section>
      <Charts device={device} path={path} zone={zone} />
      {device.troubles.length > 0 && (
        <section class="card">
          <h2>Last troubles</h2>
          <ul class="plain">
            {[...device.troubles].reverse().map((trouble) => (
              <li key={`${trouble.at} ${trouble.code} ${trouble.detail}`} class="row">
                <code>{trouble.code}</code>
                <span class="wrap">{trouble.detail}</span>
                <span class="note">
                  <Ago at={trouble.at} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section class="card">
        <h2>Latest jobs</h2>
        {jobs.data?.data.length === 0 && <p class="note">None of yours.</p>}
        <ul class="plain">
          {jobs.data?.data.map((job) => (
            <li key={job.job_id} class="row">
              <StatusPill status={job.status} />
              <Link to={["jobs", job.job_id]}>
                <code>
                  {job.job_id.slice(0, 8)}…{job.job_id.slice(-6)}
                </code>
              </Link>
              <span>{job.model}</span>
              <span class="note">
                ran {duration(job.run_ms)} · <Ago at={job.created_at} />
              </span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

function Charts({
  device,
  path,
  zone,
}: {
  device: DeviceDetailAnswer;
  path: string;
  zone: "utc" | "local";
}) {
  const drawings = useMemo(
    () =>
      READINGS.map(([id, title, unit, color]) => ({
        id,
        title,
        drawing: drawingOf(device.telemetry, id, unit, color),
      })).filter(({ drawing }) => drawing.lines[0]?.values.some((value) => value !== null)),
    [device],
  );
  if (drawings.length === 0)
    return <p class="note">No telemetry yet: the runner reports it with its status.</p>;
  return (
    <div class="grid">
      {drawings.map(({ id, title, drawing }) => (
        <TimeChart
          key={id}
          title={title}
          note={`the last ${amount(device.telemetry.length, "report")}`}
          drawing={drawing}
          zone={zone}
          path={pathWith(path, [])}
          file={`evalyard-${device.serial}-${id}`}
          height={140}
        />
      ))}
    </div>
  );
}

function drawingOf(
  telemetry: TelemetryAnswer[],
  id: keyof TelemetryAnswer,
  unit: string,
  color: string,
): Drawing {
  const sorted = [...telemetry].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const readings = {
    times: sorted.map((each) => Date.parse(each.at) / 1000),
    values: sorted.map((each) => each[id] as number | null),
  };
  const { times, values } = withGaps(readings, SILENT_S);
  return {
    times,
    lines: [
      {
        name: id.replace(/_.*/, ""),
        values,
        color,
        kind: "line",
      },
    ],
    bands: [],
    unit,
    partial: false,
    step: 0,
  };
}
