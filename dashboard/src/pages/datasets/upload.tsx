// A CSV or JSONL file into a dataset: progress, a verdict for each row, and a way back.

import { useState } from "preact/hooks";
import { Problem } from "../../api";
import { refresh } from "../../clock";
import { Trouble } from "../../parts/notes";
import { knownFields } from "../../pure/column_types";
import { amount } from "../../pure/format";
import { batchesOf, contentsOf, textOf, UnreadableFile } from "../../pure/upload";
import { adapterOf, append, begun, type Outcome, type Plan, planOf, undo } from "./appending";

interface Sent {
  name: string;
  plan: Plan;
  outcome: Outcome;
}
type State =
  | { is: "idle" }
  | { is: "sending"; share: number; name: string }
  | ({ is: "done" } & Sent)
  | { is: "undone"; rows: number; runs: number };

export function Upload({ dataset }: { dataset: string }) {
  const [state, setState] = useState<State>({ is: "idle" });
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const [over, setOver] = useState(false);
  const [busy, setBusy] = useState(false);
  const guarded = async (deed: () => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    setTrouble(null);
    try {
      await deed();
    } catch (error) {
      setTrouble(troubleOf(error));
    }
    setBusy(false);
    refresh();
  };
  const send = ({ name, plan, outcome }: Sent) =>
    guarded(async () => {
      const tell = (share: number) => setState({ is: "sending", share, name });
      tell(0);
      setState({ is: "done", name, plan, outcome: await append(plan, outcome, tell) });
    });
  const take = async (file: File | undefined) => {
    if (!file || busy) return;
    setState({ is: "idle" });
    try {
      const text = textOf(new Uint8Array(await file.arrayBuffer()));
      const known = knownFields(await adapterOf(dataset));
      const { lines, refused } = contentsOf(file.name, text, known);
      const plan = planOf(dataset, batchesOf(lines));
      await send({ name: file.name, plan, outcome: begun(refused) });
    } catch (error) {
      setTrouble(troubleOf(error));
    }
  };
  const takeBack = (batchIds: string[]) =>
    guarded(async () => setState({ is: "undone", ...(await undo(batchIds)) }));
  return (
    <section class="card upload">
      <h2>Upload a file</h2>
      <label
        class="drop"
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer?.files[0]);
        }}
      >
        <span>
          Drop a <strong>.csv</strong> or <strong>.jsonl</strong> file here, or choose one
        </span>
        <input
          type="file"
          accept=".csv,.jsonl,.ndjson,text/csv,application/x-ndjson"
          disabled={busy}
          onChange={(event) => {
            take(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
      </label>
      <p class="note">
        CSV: the first line names the fields; a column is of numbers where each would come back as
        it is written (3.10 would not), labels stay text. JSONL: one row a line. Good rows are kept,
        bad ones are named.
      </p>
      {trouble && <Trouble problem={trouble} what="That did not work." />}
      {state.is === "sending" && (
        <p>
          <label>
            Sending {state.name}: {Math.round(state.share * 100)}%
            <progress max={1} value={state.share} />
          </label>
        </p>
      )}
      {state.is === "done" && (
        <Verdict
          sent={state}
          busy={busy}
          onGoOn={() => send(state)}
          onUndo={() => takeBack(state.outcome.batchIds)}
        />
      )}
      {state.is === "undone" && (
        <p role="status">
          Taken back: {amount(state.rows, "row")} and {amount(state.runs, "run")}.
        </p>
      )}
      <UndoById onUndo={(id) => takeBack([id])} />
    </section>
  );
}

/** An unreadable file is no problem that the API told, but looks like one. */
function troubleOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof UnreadableFile)
    return new Problem(0, "file_unreadable", `The file cannot be read: ${error.message}.`);
  throw error;
}

interface VerdictProps {
  sent: Sent;
  busy: boolean;
  onGoOn: () => void;
  onUndo: () => void;
}

function Verdict({ sent: { name, outcome, plan }, busy, onGoOn, onUndo }: VerdictProps) {
  const { stopped } = outcome;
  return (
    <div role="status" class="verdict-rows">
      {stopped && (
        <>
          <Trouble problem={stopped} what="The upload stopped before its end." />
          <p class="row">
            {outcome.settled} of {plan.batches.length} parts are settled. Going on stores nothing
            twice.
            <button type="button" class="primary" disabled={busy} onClick={onGoOn}>
              Go on
            </button>
          </p>
        </>
      )}
      <p class="row">
        <strong>{name}</strong>
        <span class={outcome.appended ? "good" : "bad"} data-appended={outcome.appended}>
          {outcome.appended ? "✓" : "✕"} {amount(outcome.appended, "row")} appended
        </span>
        {outcome.rejected > 0 && (
          <span class="bad" data-rejected={outcome.rejected}>
            ✕ {outcome.rejected.toLocaleString("en-US")} refused
          </span>
        )}
        {outcome.usage && (
          <span class="note">
            {outcome.usage.recorded.toLocaleString("en-US")} count as runs
            {outcome.usage.skipped > 0 &&
              `, ${outcome.usage.skipped.toLocaleString("en-US")} do not`}
          </span>
        )}
        {outcome.batchIds.length > 0 && (
          <button type="button" disabled={busy} onClick={onUndo}>
            Undo this upload
          </button>
        )}
      </p>
      {outcome.batchIds.length > 0 && <p class="note wrap">Batch {outcome.batchIds.join(", ")}</p>}
      {outcome.faults.length > 0 && (
        <ul class="faults">
          {outcome.faults.slice(0, 100).map((fault) => (
            <li key={`${fault.line} ${fault.code}`}>
              <strong>line {fault.line ?? "?"}</strong> <code>{fault.code}</code> {fault.detail}
              {fault.isUsage && <span class="note"> (stored, but no run)</span>}
            </li>
          ))}
        </ul>
      )}
      {outcome.truncated && (
        <p class="note">There are more; the server names the first 100 of each request.</p>
      )}
    </div>
  );
}

function UndoById({ onUndo }: { onUndo: (id: string) => void }) {
  const [id, setId] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    onUndo(id.trim());
  };
  return (
    <details>
      <summary>Take an earlier batch back</summary>
      <form class="row" onSubmit={submit}>
        <input
          aria-label="Batch id"
          placeholder="bat_…"
          required
          value={id}
          onInput={(event) => setId(event.currentTarget.value)}
        />
        <button type="submit">Undo</button>
        <span class="note">Each append and each import answers with its batch id.</span>
      </form>
    </details>
  );
}
