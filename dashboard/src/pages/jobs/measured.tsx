// A result's metrics, each with who measured it and on which clock.

import { Scroll } from "../../parts/scroll";
import { exact, shown, unitIn } from "../../pure/format";
import type { Provenance, Result } from "../../schemas";

const NAMES: Record<string, [string, string]> = {
  ttft_ms: ["Time to first token", "ms"],
  latency_ms: ["Latency", "ms"],
  tok_s: ["Decode speed", "tok/s"],
  tpot_ms: ["Time per output token", "ms"],
  prefill_tps: ["Prefill speed", "tok/s"],
  load_ms: ["Loading the model", "ms"],
  prompt_tokens: ["Prompt tokens", "tokens"],
  completion_tokens: ["Completion tokens", "tokens"],
};

export function Measured({ result }: { result: Result }) {
  const extras = Object.entries(result.extra);
  return (
    <section class="card">
      <h2>Measured</h2>
      <Scroll label="Metrics">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col">Value</th>
              <th scope="col">How</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(NAMES).map(([id, [name, unit]]) => (
              <tr key={id} data-metric={id}>
                <th scope="row">{name}</th>
                <td data-value={result.metrics[id] ?? ""} title={exact(result.metrics[id])}>
                  {shown(result.metrics[id], unit)}
                </td>
                <td class="note how">{how(result.provenance?.[id])}</td>
              </tr>
            ))}
            {extras.map(([label, value]) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td>{shown(value, unitIn(label))}</td>
                <td class="note how">told by the device</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function how(provenance: Provenance | undefined): string {
  if (!provenance) return "not measured";
  const source = provenance.source.replaceAll("_", " ");
  const clock = provenance.clock ? `, ${provenance.clock}'s clock` : "";
  return `${provenance.kind}: ${source}${clock}${provenance.when ? ` (${provenance.when})` : ""}`;
}
