// What was asked for, and how the attempts went.

import type { JobDetailAnswer } from "../../api_types";
import { Link } from "../../parts/link";
import { duration } from "../../pure/format";

export function Facts({ job }: { job: JobDetailAnswer }) {
  const options = Object.entries(job.options).map(
    ([name, value]) => `${name} ${JSON.stringify(value)}`,
  );
  const rows: [string, unknown][] = [
    ["Model", job.model],
    [
      "Device",
      job.device ? (
        <Link to={["devices", job.device]}>{job.device}</Link>
      ) : (
        (job.device_serial ?? "any")
      ),
    ],
    ["Queue", `${job.queue_tag}, priority ${job.priority}`],
    ["Options", options.join(", ") || "the model's own"],
    ["Repetitions", `${job.repeat}${job.warmup ? ` after ${job.warmup} to warm up` : ""}`],
    [
      "Attempts",
      `${job.attempt} of ${job.max_attempts}, each up to ${duration(job.timeout_s * 1000)}`,
    ],
    ["Tag", job.tag ?? "–"],
    [
      "Adapter",
      job.adapter_id ? <Link to={["datasets", job.adapter_id]}>{job.adapter_id}</Link> : "–",
    ],
  ];
  return (
    <section class="card">
      <h2>Asked for</h2>
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="wrap">{value as string}</dd>
          </div>
        ))}
      </dl>
      {job.attempts.some((attempt) => attempt.failure) && (
        <ol class="attempts">
          {job.attempts.map((attempt) => (
            <li key={attempt.attempt}>
              Attempt {attempt.attempt} on {attempt.device}:{" "}
              {attempt.failure ? (
                <span class="bad">
                  {attempt.failure.code} – {attempt.failure.message}
                </span>
              ) : (
                "no failure"
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
