// One metric: both means, the difference with its interval, and the verdict.

import type { MetricComparison } from "../../api_types";
import { StatusPill } from "../../parts/status_pill";
import { chance, intervalPct, metricName, metricUnit, reason } from "../../pure/comparing";
import { exact, shown, signedPct } from "../../pure/format";
import { Direction } from "../overview/tiles";

export function VerdictCard({ metric, minPct }: { metric: MetricComparison; minPct: number }) {
  const unit = metricUnit(metric);
  return (
    <article class="card verdict" data-metric={metric.metric} data-verdict={metric.verdict}>
      <header class="row">
        <h3>
          {metricName(metric)}
          {metric.better && (
            <>
              {" "}
              <Direction better={metric.better} />
            </>
          )}
        </h3>
        <span class="push" />
        <StatusPill status={metric.verdict} />
      </header>
      <p class="means">
        <span title={exact(metric.a)} data-value={metric.a ?? ""}>
          {shown(metric.a, unit)}
        </span>
        <span class="note" aria-hidden="true">
          →
        </span>
        <span class="hidden">to</span>
        <strong title={exact(metric.b)} data-value={metric.b ?? ""}>
          {shown(metric.b, unit)}
        </strong>
        <span class="delta">{signedPct(metric.delta_pct)}</span>
      </p>
      <Interval metric={metric} minPct={minPct} />
      <p class="note">
        n = {shown(metric.n_a, "runs")}, {shown(metric.n_b, "runs")}{" "}
        {chance(metric.p_value) && `· ${chance(metric.p_value)}`}
        {reason(metric) && (
          <>
            <br />
            {reason(metric)}
          </>
        )}
      </p>
    </article>
  );
}

/** The 95 % interval on a scale that shows zero and the least effect that counts. */
function Interval({ metric, minPct }: { metric: MetricComparison; minPct: number }) {
  const bounds = intervalPct(metric);
  if (!bounds)
    return <p class="note">no interval: {metric.ci95 ? "A's mean is 0" : "too few values"}</p>;
  const [low, high] = bounds;
  const reach = Math.max(Math.abs(low), Math.abs(high), minPct * 2) * 1.15;
  const at = (pct: number) => ((pct + reach) / (2 * reach)) * 100;
  const text = `95 % interval: ${signedPct(low)} to ${signedPct(high)}`;
  return (
    <div class="interval" title={text}>
      <svg viewBox="0 0 100 16" preserveAspectRatio="none" role="img" aria-label={text}>
        <rect class="least" x={at(-minPct)} y="0" width={at(minPct) - at(-minPct)} height="16" />
        <line
          class="zero"
          x1={at(0)}
          x2={at(0)}
          y1="0"
          y2="16"
          vector-effect="non-scaling-stroke"
        />
        <line
          class={`range ${metric.verdict}`}
          x1={at(low)}
          x2={at(high)}
          y1="8"
          y2="8"
          vector-effect="non-scaling-stroke"
        />
        <line
          class={`range ${metric.verdict}`}
          x1={at((low + high) / 2)}
          x2={at((low + high) / 2)}
          y1="4"
          y2="12"
          vector-effect="non-scaling-stroke"
        />
      </svg>
      <span class="note ends">
        <span>{signedPct(low)}</span>
        <span>{signedPct(high)}</span>
      </span>
    </div>
  );
}
