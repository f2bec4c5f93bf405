// The user token: in session storage, so that it ends with the tab, and never in an address.

import { TOKEN_KEY } from "./pure/sending";
import { signal } from "./signal";

/** Why nobody is signed in, when somebody was. */
export type Left = "signed_out" | "refused" | null;
export const session = signal<{ token: string | null; left: Left }>({
  token: sessionStorage.getItem(TOKEN_KEY),
  left: null,
});

export function signIn(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
  session.set({ token, left: null });
}

export function signOut(left: Left = "signed_out"): void {
  sessionStorage.removeItem(TOKEN_KEY);
  session.set({ token: null, left });
}
