// A state in a word, with a sign and a colour.

const LOOKS: Record<string, [string, string]> = {
  queued: ["", "◷"],
  running: ["busy-now", "▶"],
  cancelling: ["warn", "◌"],
  succeeded: ["good", "✓"],
  cancelled: ["", "⊘"],
  dead: ["bad", "✕"],
  available: ["good", "✓"],
  busy: ["busy-now", "▶"],
  offline: ["", "○"],
  hot: ["bad", "▲"],
  low_battery: ["warn", "▽"],
  maintenance: ["warn", "⚙"],
  improved: ["good", "✓"],
  regressed: ["bad", "✕"],
  unchanged: ["", "="],
  inconclusive: ["warn", "?"],
};

export function StatusPill({ status, title }: { status: string; title?: string | null }) {
  const [look, sign] = LOOKS[status] ?? ["", "·"];
  return (
    <span class={`pill ${look}`} data-status={status} title={title ?? undefined}>
      <span aria-hidden="true">{sign}</span>
      {status.replace("_", " ")}
    </span>
  );
}
