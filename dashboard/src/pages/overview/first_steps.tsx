// Nothing ran in the window: why that may be, and what to do next.

import type { SummaryAnswer } from "../../api_types";
import { Command, Empty } from "../../parts/notes";
import { amount } from "../../pure/format";
import { FILTERS } from "../../pure/route";
import { change } from "../../router";
import type { View } from "../../view";

export function FirstSteps({ view, summary }: { view: View; summary: SummaryAnswer | null }) {
  const isFiltered = FILTERS.some((name) => view.route.query.has(name));
  const clear = Object.fromEntries(FILTERS.map((name) => [name, null]));
  return (
    <Empty
      title={
        isFiltered ? "No run passes these filters in this window" : "Nothing ran in this window"
      }
    >
      {(summary?.previous.runs ?? 0) > 0 && (
        <p>
          In the window of the same length before, there were{" "}
          {amount(summary?.previous.runs ?? 0, "run")}.
        </p>
      )}
      <p class="row">
        {isFiltered && (
          <button type="button" onClick={() => change(clear)}>
            Clear the filters
          </button>
        )}
        <button type="button" onClick={() => change({ range: "90d", from: null, to: null })}>
          Last 90 days
        </button>
        <a class="button" href="#/jobs/new">
          Submit a job
        </a>
      </p>
      {!isFiltered && (
        <>
          <p>Or append your own measurements; they count at once:</p>
          <Command text={appending()} />
          <p class="note">
            On a local cloud, <code>make demo-data</code> fills in a month of believable runs.
          </p>
        </>
      )}
    </Empty>
  );
}

function appending(): string {
  const now = new Date().toISOString();
  const rows = `{"ts":"${now}","device":"server-1","model":"llama3-8b","prompt_tokens":50,"completion_tokens":120,"latency_ms":900,"ttft_ms":220}`;
  const headers = `-H "X-User-Token: $EVALYARD_TOKEN" -H 'Content-Type: application/json'`;
  return [
    `curl -s '${location.origin}/user/data/save_adapter' ${headers} -d '{"dataset":"my_server_metrics","enabled":true}'`,
    `curl -s '${location.origin}/user/data/append_jsonl' ${headers} -d '{"dataset":"my_server_metrics","rows":[${rows}]}'`,
  ].join("\n");
}
