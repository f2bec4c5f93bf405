// What came of a call so far: its text, how fast, where the time went, or why there is none.

import { useEffect, useState } from "preact/hooks";
import { Link } from "../../parts/link";
import { LongText } from "../../parts/notes";
import { type Asked, isOver, phasesOf, speedOf, stateOf } from "../../pure/asking";
import { duration, shown } from "../../pure/format";
import { adviceFor } from "../../pure/refusals";
import type { Place } from "./calls";

interface Props {
  asked: Asked | null;
  /** Where the next call goes. */
  place: Place;
  /** Whether a device can answer there now. */
  ready: boolean;
}

export function Answer({ asked, place, ready }: Props) {
  if (!asked)
    return (
      <p class="blank">
        {ready ? "The answer appears here." : "No device can answer with this model now."}
      </p>
    );
  const isNothing = asked.refusal !== null && !asked.text;
  return (
    <>
      <p class="row">
        <span class="state" role="status" data-state={stateWord(asked)}>
          {stateOf(asked)}
        </span>
        {!isNothing && <Figures asked={asked} />}
        {isElsewhere(asked, place) && (
          <span class="note">
            asked of {asked.model} on {asked.device || "any device"}
          </span>
        )}
      </p>
      {!isNothing && (
        <>
          <PhaseBar asked={asked} />
          <LongText label="Output of the model" data-output aria-busy={!isOver(asked)}>
            {asked.text || (asked.end ? "(nothing)" : "")}
          </LongText>
        </>
      )}
      {asked.end?.finish_reason === "length" && (
        <p class="note">It ends here because of the most tokens that were allowed.</p>
      )}
      {asked.refusal && <Refused asked={asked} />}
    </>
  );
}

function isElsewhere(asked: Asked, place: Place): boolean {
  return asked.model !== place.model || asked.device !== place.device;
}

function stateWord({ refusal, end, firstAt }: Asked): string {
  if (refusal) return "refused";
  if (end) return end.finish_reason === "cancelled" ? "cancelled" : "done";
  return firstAt === null ? "waiting" : "answering";
}

function Figures({ asked }: { asked: Asked }) {
  const { value, isMeasured } = speedOf(asked);
  const { end, pieces, answeredBy } = asked;
  const tokens = end?.usage.completion_tokens ?? (end ? null : pieces);
  return (
    <>
      <span
        class="figure"
        data-figure="tok_s"
        data-value={value ?? ""}
        title={isMeasured ? "Measured by the device" : "By the pieces that came so far"}
      >
        {value !== null && !isMeasured ? "≈ " : ""}
        {shown(value, "tok/s")}
      </span>
      <span class="note">
        {tokens === null ? "tokens not counted" : `${tokens} ${tokens === 1 ? "token" : "tokens"}`}
        {end && ` · first after ${duration(end.metrics.ttft_ms)}`}
      </span>
      {answeredBy && (
        <span class="note">
          by <Link to={["devices", answeredBy]}>{answeredBy}</Link>
        </span>
      )}
      {end?.run_id && (
        <Link to={["overview"]} extra={{ source_kind: "gateway", range: "1h" }} class="note">
          its runs
        </Link>
      )}
    </>
  );
}

/** Where the time went; drawn for the eye, with the figures as text. */
function PhaseBar({ asked }: { asked: Asked }) {
  const now = useMoving(!isOver(asked));
  const phases = phasesOf(asked, now);
  if (phases.length === 0) return null;
  return (
    <div class="phases">
      <span class="phase-bar" aria-hidden="true">
        {phases.map(({ id, ms }) => (
          <i key={id} class={`phase-${id}`} style={{ flexGrow: ms }} />
        ))}
      </span>
      <ul aria-label="Phases">
        {phases.map(({ id, name, ms }) => (
          <li key={id} data-phase={id} data-value={ms}>
            <i class={`swatch phase-${id}`} aria-hidden="true" />
            {name} {duration(Math.round(ms * 10) / 10)}
          </li>
        ))}
      </ul>
    </div>
  );
}

const FRAME_MS = 100;

/** The present, ten times a second, while something moves. */
function useMoving(moves: boolean): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    if (!moves) return;
    const timer = setInterval(() => setNow(performance.now()), FRAME_MS);
    return () => clearInterval(timer);
  }, [moves]);
  return Math.max(now, 0);
}

function Refused({ asked }: { asked: Asked }) {
  const { refusal } = asked;
  if (!refusal) return null;
  const number = refusal.requestId ?? asked.requestId;
  return (
    <div class="trouble" role="alert" data-code={refusal.code}>
      <strong>{refusal.detail}</strong>
      {refusal.allowed.length > 0 && <> Served: {refusal.allowed.slice(0, 20).join(", ")}.</>}
      {refusal.ahead !== null && <> {refusal.ahead} wait before it.</>}
      <p>{adviceFor(refusal)}</p>
      <span class="note">
        {refusal.code}
        {number && ` · request ${number}`}
      </span>
    </div>
  );
}
