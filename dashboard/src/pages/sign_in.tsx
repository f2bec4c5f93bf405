// The way in: a user token, tried before it is kept.

import { useState } from "preact/hooks";
import { problemOf } from "../api";
import type { MeAnswer } from "../api_types";
import { writeAs } from "../parts/draft";
import { type Left, signIn } from "../session";

const WHY: Record<string, string> = {
  refused:
    "The token is no longer good: it has expired or was revoked. Sign in with another one; this view stays as it is.",
  signed_out: "You are signed out.",
};

export function SignIn({ left }: { left: Left }) {
  const [token, setToken] = useState("");
  const [trouble, setTrouble] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setTrouble(await refusal(token.trim()));
    setBusy(false);
  };
  return (
    <main class="signin">
      <form class="card" onSubmit={submit}>
        <h1>
          <span class="logo" aria-hidden="true" /> Evalyard
        </h1>
        {left && !trouble && <p role="status">{WHY[left]}</p>}
        <label>
          User token
          <input
            name="token"
            type="password"
            autocomplete="off"
            spellcheck={false}
            placeholder="eyt_…"
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {trouble && (
          <p class="bad" role="alert">
            {trouble}
          </p>
        )}
        <button type="submit" class="primary" disabled={busy || !token.trim()}>
          {busy ? "Trying…" : "Sign in"}
        </button>
        <p class="note">
          <code>make run</code> prints a token; administrators make them with{" "}
          <code>POST /accounts/tokens</code>. It is kept in this tab only.
        </p>
      </form>
    </main>
  );
}

/** Why the token is refused; null signs in. */
async function refusal(token: string): Promise<string | null> {
  try {
    const answer = await fetch("/accounts/me", {
      headers: { "X-User-Token": token },
      cache: "no-store",
    });
    if (!answer.ok) return (await problemOf(answer)).message;
    writeAs(((await answer.json()) as MeAnswer).user_id);
    signIn(token);
    return null;
  } catch {
    return "The server did not answer, or the text is no token.";
  }
}
