// How a request goes out, of this page and of its first script.

/** Where the tab keeps the user token. */
export const TOKEN_KEY = "evalyard.token";

/** No cookie, no cache, no answer from elsewhere. */
export function asSent(method: string, token: string, init: RequestInit = {}): RequestInit {
  return {
    ...init,
    method,
    headers: { ...init.headers, "X-User-Token": token },
    credentials: "omit",
    cache: "no-store",
    redirect: "manual",
  };
}
