// The fields of the adapter editor, with the rows' own keys to choose from.

import { useState } from "preact/hooks";
import type { ExtraField } from "../../api_types";
import {
  type AdapterDraft,
  extraFor,
  OPTIONAL,
  STANDARD,
  suggestions,
  TIME_UNITS,
  TIMES,
  type TimeUnit,
  wordsOf,
} from "../../pure/adapter";
import { columns } from "./rows";

interface Props {
  adapter: AdapterDraft;
  rows: Record<string, unknown>[];
  onChange: (changes: Partial<AdapterDraft>) => void;
}

export function AdapterFields({ adapter, rows, onChange }: Props) {
  const keys = columns(rows);
  return (
    <>
      <datalist id="keys">
        {keys.map((key) => (
          <option key={key} value={key} />
        ))}
      </datalist>
      <label class="check">
        <input
          type="checkbox"
          checked={adapter.enabled}
          onChange={(event) => onChange({ enabled: event.currentTarget.checked })}
        />
        New rows count as usage
      </label>
      <h3>Standard fields</h3>
      <fieldset class="fields" aria-label="Standard fields">
        {STANDARD.map(([name, label]) => (
          <label key={name}>
            {label}
            <input
              list="keys"
              name={name}
              value={adapter[name]}
              onInput={(event) => onChange({ [name]: event.currentTarget.value })}
            />
          </label>
        ))}
      </fieldset>
      <fieldset class="fields" aria-label="Units of times">
        {TIMES.map(([name, label]) => (
          <label key={name}>
            {label}
            <select
              value={adapter.units[name] ?? "ms"}
              onChange={(event) =>
                onChange({
                  units: { ...adapter.units, [name]: event.currentTarget.value as TimeUnit },
                })
              }
            >
              {TIME_UNITS.map((unit) => (
                <option key={unit}>{unit}</option>
              ))}
            </select>
          </label>
        ))}
      </fieldset>
      <details open={OPTIONAL.some(([name]) => adapter[name])}>
        <summary>Optional fields</summary>
        <div class="fields">
          {OPTIONAL.map(([name, label]) => (
            <label key={name}>
              {label}
              <input
                list="keys"
                name={name}
                value={adapter[name] ?? ""}
                placeholder="none"
                onInput={(event) => onChange({ [name]: event.currentTarget.value || null })}
              />
            </label>
          ))}
        </div>
        {adapter.ok_field && (
          <OkValues
            words={adapter.ok_values ?? null}
            onChange={(ok_values) => onChange({ ok_values })}
          />
        )}
      </details>
      <Extras
        extras={adapter.extra_fields}
        onChange={(extra_fields) => onChange({ extra_fields })}
      />
      <Suggested
        names={suggestions(rows, adapter)}
        onAdd={(field) => onChange({ extra_fields: [...adapter.extra_fields, extraFor(field)] })}
      />
    </>
  );
}

/** Which texts mean success, where they are others than those that are known. */
function OkValues({
  words,
  onChange,
}: {
  words: string[] | null;
  onChange: (words: string[] | null) => void;
}) {
  const [text, setText] = useState("");
  const same = JSON.stringify(wordsOf(text)) === JSON.stringify(words);
  return (
    <label>
      Texts of that field that mean success, with commas between them; all others mean failure
      <input
        name="ok_values"
        value={same ? text : (words ?? []).join(", ")}
        placeholder="true, ok, success, succeeded"
        onInput={(event) => {
          setText(event.currentTarget.value);
          onChange(wordsOf(event.currentTarget.value));
        }}
      />
    </label>
  );
}

function Suggested({ names, onAdd }: { names: string[]; onAdd: (field: string) => void }) {
  if (names.length === 0) return null;
  return (
    <p class="row">
      <span class="note">In the rows, too:</span>
      {names.slice(0, 12).map((name) => (
        <button key={name} type="button" class="chip" onClick={() => onAdd(name)}>
          + {name}
        </button>
      ))}
    </p>
  );
}

const KINDS = ["number", "boolean", "string"] as const;
const NEW_EXTRA: ExtraField = {
  label: "",
  field: "",
  kind: "number",
  unit: null,
  better: null,
  scale: 1,
};

function Extras({
  extras,
  onChange,
}: {
  extras: ExtraField[];
  onChange: (extras: ExtraField[]) => void;
}) {
  const replace = (at: number, changes: Partial<ExtraField>) =>
    onChange(extras.map((extra, index) => (index === at ? { ...extra, ...changes } : extra)));
  return (
    <fieldset class="extras" aria-label="Extra metrics">
      <h3>Extra metrics</h3>
      {extras.map((extra, at) => (
        <div key={at} class="extra">
          <input
            aria-label="Label"
            placeholder="GPU power (W)"
            value={extra.label}
            onInput={(event) => replace(at, { label: event.currentTarget.value })}
          />
          <input
            aria-label="Field"
            list="keys"
            placeholder="gpu_power_w"
            value={extra.field}
            onInput={(event) => replace(at, { field: event.currentTarget.value })}
          />
          <select
            aria-label="Kind"
            value={extra.kind}
            onChange={(event) =>
              replace(at, { kind: event.currentTarget.value as ExtraField["kind"], scale: 1 })
            }
          >
            {KINDS.map((kind) => (
              <option key={kind}>{kind}</option>
            ))}
          </select>
          <input
            aria-label="Scale"
            type="number"
            step="any"
            title="Numbers are multiplied by this"
            disabled={extra.kind !== "number"}
            value={extra.scale}
            onInput={(event) => replace(at, { scale: event.currentTarget.valueAsNumber || 1 })}
          />
          <select
            aria-label="Better"
            value={extra.better ?? ""}
            onChange={(event) =>
              replace(at, { better: (event.currentTarget.value || null) as ExtraField["better"] })
            }
          >
            <option value="">either way</option>
            <option value="higher">↑ higher</option>
            <option value="lower">↓ lower</option>
          </select>
          <button
            type="button"
            class="quiet"
            aria-label={`Remove ${extra.label || "extra"}`}
            onClick={() => onChange(extras.filter((_, index) => index !== at))}
          >
            ✕
          </button>
        </div>
      ))}
      <button type="button" onClick={() => onChange([...extras, NEW_EXTRA])}>
        + Add an extra metric
      </button>
    </fieldset>
  );
}
