// A state in a word, with a sign and a colour.

import { DEVICE_STATES, GATE_VERDICTS, JOB_STATES, VERDICTS } from "../filters";

const LOOKS = { ...JOB_STATES, ...DEVICE_STATES, ...VERDICTS, ...GATE_VERDICTS };
type State = keyof typeof LOOKS;

export function StatusPill({ status, title }: { status: State; title?: string | null }) {
  const [look, sign] = LOOKS[status];
  return (
    <span class={`pill ${look}`} data-status={status} title={title ?? undefined}>
      <span aria-hidden="true">{sign}</span>
      {status.replace("_", " ")}
    </span>
  );
}
