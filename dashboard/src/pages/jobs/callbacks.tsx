// How telling the callback address went.

import { get } from "../../api";
import { Ago } from "../../parts/ago";
import { Trouble } from "../../parts/notes";
import { Scroll } from "../../parts/scroll";
import { useQuery } from "../../query";
import type { Callback, Job, Page } from "../../schemas";

export function Callbacks({ job }: { job: Job }) {
  const path = job.callback_url ? `/api/jobs/${job.job_id}/callbacks` : null;
  const key = path && `${path} ${job.status}`;
  const { data, error } = useQuery<Page<Callback>>(
    key,
    (signal) => get(path ?? "", signal),
    path ?? "",
  );
  if (!path) return null;
  return (
    <section class="card">
      <h2>
        Callbacks to <code class="wrap">{job.callback_url}</code>
      </h2>
      {error && <Trouble problem={error} what="The callbacks could not be loaded." />}
      {data?.data.length === 0 && (
        <p class="note">None was sent yet; there is one when the job ends.</p>
      )}
      {data && data.data.length > 0 && (
        <Scroll label="Callbacks">
          <table>
            <thead>
              <tr>
                {["When", "Type", "Answer", "Next try"].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.data.map((each) => (
                <tr key={each.webhook_id + each.at}>
                  <td>
                    <Ago at={each.at} />
                  </td>
                  <td>{each.type}</td>
                  <td class={each.ok ? "good" : "bad"}>
                    {each.ok ? "✓" : "✕"} {each.status_code ?? ""} {each.error ?? ""}
                  </td>
                  <td>{each.next_at ? <Ago at={each.next_at} /> : "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}
