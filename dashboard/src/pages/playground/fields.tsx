// What is asked, for all places alike.

import { type Form, setForm } from "./calls";

export function Fields({ form, onAsk }: { form: Form; onAsk: (event: Event) => void }) {
  const field = (name: keyof Form) => ({
    name,
    value: form[name],
    onInput: (event: { currentTarget: { value: string } }) =>
      setForm({ [name]: event.currentTarget.value }),
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onAsk(event);
  };
  return (
    <>
      <label class="wide">
        Prompt
        <textarea
          rows={4}
          required
          maxLength={200_000}
          onKeyDown={onKeyDown}
          {...field("prompt")}
        />
      </label>
      <details class="wide">
        <summary>Settings</summary>
        <div class="fields">
          <label>
            System prompt
            <input {...field("system")} />
          </label>
          <label>
            Tokens at most
            <input type="number" min={1} max={32_768} {...field("num_predict")} />
          </label>
          <label>
            Temperature
            <input
              type="number"
              min={0}
              max={2}
              step="any"
              placeholder="the model's own"
              {...field("temperature")}
            />
          </label>
          <label>
            Wait for a turn, seconds
            <input type="number" min={0} max={600} {...field("max_wait_s")} />
          </label>
          <label>
            Tag of the runs
            <input maxLength={256} {...field("tag")} />
          </label>
        </div>
      </details>
    </>
  );
}
