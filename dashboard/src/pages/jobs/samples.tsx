// Each repetition by itself: the spread behind the figures.

import type { ResultAnswer } from "../../api_types";
import { Scroll } from "../../parts/scroll";
import { shown } from "../../pure/format";

const COLUMNS: [string, string, string][] = [
  ["ttft_ms", "TTFT", "ms"],
  ["latency_ms", "Latency", "ms"],
  ["tok_s", "tok/s", ""],
  ["completion_tokens", "Tokens", ""],
  ["cached_tokens", "Cached", ""],
];

export function Samples({ result }: { result: ResultAnswer }) {
  const samples = result.samples ?? [];
  if (samples.length < 2) return null;
  return (
    <section class="card">
      <h2>Repetitions</h2>
      <Scroll label="Repetitions">
        <table class="numbers stack">
          <thead>
            <tr>
              <th scope="col">#</th>
              {COLUMNS.map(([id, name]) => (
                <th key={id} scope="col">
                  {name}
                </th>
              ))}
              <th scope="col">Ended by</th>
            </tr>
          </thead>
          <tbody>
            {samples.map((sample, at) => (
              <tr key={String(sample.index ?? at)}>
                <th scope="row" class="index">
                  {at + 1}
                </th>
                {COLUMNS.map(([id, name, unit]) => (
                  <td key={id} data-label={name}>
                    {shown(numberOf(sample[id]), unit)}
                  </td>
                ))}
                <td data-label="Ended by">{String(sample.finish_reason ?? "–")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
