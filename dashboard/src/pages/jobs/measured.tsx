// A result's metrics, each with who measured it and on which clock.

import type { ResultAnswer } from "../../api_types";
import { Scroll } from "../../parts/scroll";
import { exact, shown, unitIn } from "../../pure/format";
import { how } from "../../pure/provenance";

const NAMES: Record<keyof ResultAnswer["metrics"], [string, string]> = {
  ttft_ms: ["Time to first token", "ms"],
  latency_ms: ["Latency", "ms"],
  tok_s: ["Decode speed", "tok/s"],
  tpot_ms: ["Time per output token", "ms"],
  prefill_tps: ["Prefill speed", "tok/s"],
  load_ms: ["Loading the model", "ms"],
  prompt_tokens: ["Prompt tokens", "tokens"],
  completion_tokens: ["Completion tokens", "tokens"],
};

const METRICS = Object.keys(NAMES) as (keyof typeof NAMES)[];

export function Measured({ result }: { result: ResultAnswer }) {
  const extras = Object.entries(result.extra);
  return (
    <section class="card">
      <h2>Measured</h2>
      <Scroll label="Metrics">
        <table class="numbers stack">
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col">Value</th>
              <th scope="col" class="how">
                How
              </th>
            </tr>
          </thead>
          <tbody>
            {METRICS.map((id) => (
              <tr key={id} data-metric={id}>
                <th scope="row" class="whole">
                  {NAMES[id][0]}
                </th>
                <td data-value={result.metrics[id] ?? ""} title={exact(result.metrics[id])}>
                  {shown(result.metrics[id], NAMES[id][1])}
                </td>
                <td class="note how most">{how(result.provenance?.[id], result.metrics[id])}</td>
              </tr>
            ))}
            {extras.map(([label, value]) => (
              <tr key={label}>
                <th scope="row" class="whole">
                  {label}
                </th>
                <td>{shown(value, unitIn(label))}</td>
                <td class="note how most">reported by the device</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
