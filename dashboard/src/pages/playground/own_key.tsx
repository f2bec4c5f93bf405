// With which key the page asks: one that it makes for this tab, or one that is entered.

import { useState } from "preact/hooks";
import { hasOwnKey, useOwnKey } from "../../gateway";

export function OwnKey() {
  const [isOwn, setOwn] = useState(hasOwnKey);
  const [key, setKey] = useState("");
  const take = (next: string) => {
    useOwnKey(next);
    setOwn(next !== "");
    setKey("");
  };
  return (
    <details class="card">
      <summary>API key</summary>
      <p class="note">
        {isOwn
          ? "The page asks with the key that you entered, until you sign out."
          : "The page makes a key named “playground” for this tab when it first asks; it ends when you sign out, after eight hours at the latest."}
      </p>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          take(key.trim());
        }}
      >
        <input
          type="password"
          aria-label="API key to ask with"
          placeholder="eyk_…"
          pattern="\s*eyk_\S+\s*"
          title="API keys begin with eyk_"
          autocomplete="off"
          required
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        <button type="submit">Use this key</button>
        {isOwn && (
          <button type="button" onClick={() => take("")}>
            Use one of the page
          </button>
        )}
      </form>
    </details>
  );
}
