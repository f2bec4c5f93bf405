// Which field means what: edited beside the runs that it would give, before anything is saved.

import { useEffect, useState } from "preact/hooks";
import { get, Problem, post } from "../../api";
import type { AdapterPreview, DatasetMetrics, SavedAdapter } from "../../api_types";
import { refresh } from "../../clock";
import { useDraft } from "../../parts/draft";
import { Trouble } from "../../parts/notes";
import { type AdapterDraft, bodyOf, newAdapter } from "../../pure/adapter";
import { amount } from "../../pure/format";
import { pathWith } from "../../pure/request";
import { useQuery } from "../../query";
import { AdapterFields } from "./adapter_fields";
import { PreviewTable } from "./preview_table";

const SETTLED_MS = 350;
const SAVE = "/user/data/save_adapter";

export function AdapterEditor({ dataset, metrics }: { dataset: string; metrics: DatasetMetrics }) {
  const [edited, setEdited] = useDraft<AdapterDraft | null>(`adapter ${dataset}`, null);
  const newest = pathWith("/user/data/get", [
    ["dataset", dataset],
    ["tail", "20"],
  ]);
  const rows = useQuery<Newest>(newest, (signal) => get(newest, signal), newest);
  const saved = metrics.adapter;
  const adapter = edited ?? saved ?? newAdapter(dataset);
  const onSaved = () => {
    setEdited(null);
    refresh();
  };
  return (
    <div class="editor">
      <section class="card">
        <header class="row">
          <h2>Adapter</h2>
          <span class="note">
            {saved ? `version ${saved.version}` : "not saved yet"}
            {edited && " · edited"}
          </span>
          {edited && (
            <button type="button" class="quiet" onClick={() => setEdited(null)}>
              Discard the changes
            </button>
          )}
        </header>
        <AdapterFields
          adapter={adapter}
          rows={rows.data?.data ?? []}
          onChange={(changes) => setEdited({ ...adapter, ...changes })}
        />
        <Saving adapter={adapter} saved={saved} rows={metrics.rows} onSaved={onSaved} />
      </section>
      <LivePreview adapter={adapter} />
    </div>
  );
}

interface Newest {
  data: Record<string, unknown>[];
}

function LivePreview({ adapter }: { adapter: AdapterDraft }) {
  const text = JSON.stringify(bodyOf(adapter));
  const [asked, setAsked] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const preview = useQuery<AdapterPreview>(
    asked,
    (signal) => post(`${SAVE}?preview=1`, JSON.parse(asked), signal),
    adapter.dataset,
  );
  return (
    <section class="card" aria-label="Preview" aria-busy={text !== asked || preview.loading}>
      <header class="row">
        <h2>Preview</h2>
        <span class="note">the runs that the newest 20 rows would give; nothing is saved</span>
      </header>
      {preview.error && <Trouble problem={preview.error} what="This adapter would be refused." />}
      {preview.data && !preview.error && <PreviewTable preview={preview.data} adapter={adapter} />}
    </section>
  );
}

interface SavingProps {
  adapter: AdapterDraft;
  saved: SavedAdapter | null;
  rows: number;
  onSaved: () => void;
}

function Saving({ adapter, saved, rows, onSaved }: SavingProps) {
  const [told, setTold] = useState<Problem | SavedAdapter | null>(null);
  const [busy, setBusy] = useState(false);
  const save = async (query: string) => {
    setBusy(true);
    try {
      setTold(await post<SavedAdapter>(SAVE + query, bodyOf(adapter)));
      onSaved();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setTold(error);
    }
    setBusy(false);
  };
  const backfill = told instanceof Problem ? null : (told?.backfill ?? saved?.backfill);
  return (
    <>
      <p class="row">
        <button type="button" class="primary" disabled={busy} onClick={() => save("")}>
          Save
        </button>
        <button
          type="button"
          disabled={busy}
          onClick={() => save("?backfill=1")}
          title="Each row becomes a run once"
        >
          Save and convert the {amount(rows, "row")} that {rows === 1 ? "is" : "are"} there
        </button>
      </p>
      {told instanceof Problem && <Trouble problem={told} what="The adapter was not saved." />}
      {told && !(told instanceof Problem) && (
        <p class="good" role="status">
          ✓ Saved as version {told.version}; rows from now on use it.
        </p>
      )}
      {backfill && (
        <p class="note" role="status">
          Converting what was there: {backfill.status}, {amount(backfill.converted, "run")}
          {backfill.skipped > 0 && `, ${amount(backfill.skipped, "row")} skipped`}.
          {backfill.status === "running" && (
            <button type="button" class="quiet" onClick={onSaved}>
              Look again
            </button>
          )}
        </p>
      )}
    </>
  );
}
