// A CSV or JSONL file into a dataset: progress, a verdict for each row, and a way back.

import { useState } from "preact/hooks";
import { Problem } from "../../api";
import { refresh } from "../../clock";
import { Trouble } from "../../parts/notes";
import { batchesOf, linesOf } from "../../pure/upload";
import { append, type Outcome, undo } from "./appending";

type State =
  | { is: "idle" }
  | { is: "sending"; share: number; name: string }
  | { is: "done"; outcome: Outcome; name: string }
  | { is: "undone"; rows: number; runs: number };

export function Upload({ dataset }: { dataset: string }) {
  const [state, setState] = useState<State>({ is: "idle" });
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const [over, setOver] = useState(false);
  const guarded = async (deed: () => Promise<void>) => {
    setTrouble(null);
    try {
      await deed();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setTrouble(error);
      setState({ is: "idle" });
    }
    refresh();
  };
  const take = (file: File | undefined) =>
    file &&
    guarded(async () => {
      const batches = batchesOf(linesOf(file.name, await file.text()));
      const tell = (share: number) => setState({ is: "sending", share, name: file.name });
      tell(0);
      setState({ is: "done", outcome: await append(dataset, batches, tell), name: file.name });
    });
  const takeBack = (outcome: Outcome) =>
    guarded(async () => setState({ is: "undone", ...(await undo(outcome.batchIds)) }));
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
          accept=".csv,.jsonl,.ndjson,.json,text/csv,application/x-ndjson"
          disabled={state.is === "sending"}
          onChange={(event) => {
            take(event.currentTarget.files?.[0]);
            event.currentTarget.value = "";
          }}
        />
      </label>
      <p class="note">
        CSV: the first line names the fields. JSONL: one row a line. Good rows are kept, bad ones
        are named.
      </p>
      {trouble && <Trouble problem={trouble} what="The file was not taken." />}
      {state.is === "sending" && (
        <p>
          <label>
            Sending {state.name}: {Math.round(state.share * 100)}%
            <progress max={1} value={state.share} />
          </label>
        </p>
      )}
      {state.is === "done" && (
        <Verdict name={state.name} outcome={state.outcome} onUndo={() => takeBack(state.outcome)} />
      )}
      {state.is === "undone" && (
        <p role="status">
          Taken back: {state.rows.toLocaleString("en-US")} rows and{" "}
          {state.runs.toLocaleString("en-US")} runs.
        </p>
      )}
      <UndoById
        onUndo={(id) => guarded(async () => setState({ is: "undone", ...(await undo([id])) }))}
      />
    </section>
  );
}

function Verdict({
  name,
  outcome,
  onUndo,
}: {
  name: string;
  outcome: Outcome;
  onUndo: () => void;
}) {
  return (
    <div role="status" class="verdict-rows">
      <p class="row">
        <strong>{name}</strong>
        <span class="good" data-appended={outcome.appended}>
          ✓ {outcome.appended.toLocaleString("en-US")} rows appended
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
          <button type="button" onClick={onUndo}>
            Undo this upload
          </button>
        )}
      </p>
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
