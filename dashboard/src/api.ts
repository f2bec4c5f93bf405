// Calls of this origin's API with the session's token; an answer, or a Problem that says why not.

import type { PageJobAnswer, ProblemFault } from "./api_types";
import { asOf } from "./clock";
import { randomId } from "./pure/ids";
import { pathWith, type Query } from "./pure/request";
import { asSent } from "./pure/sending";
import { session, signOut } from "./session";

/** An error as the API tells it (RFC 9457), or what stands in for it when nobody answered. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly errors: ProblemFault[] = [],
    readonly requestId: string | null = null,
    readonly allowed: string[] = [],
  ) {
    super(detail);
  }
}

/** A page of a list; all pages have the same members. */
export type Page<T> = Omit<PageJobAnswer, "data"> & { data: T[] };

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call<T>("GET", path, signal ? { signal } : {});
}

export function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  // What only asks what would be needs no key.
  if (!/[?&](preview|dry_run)=1|^\/usage\/gate$/.test(path))
    headers["Idempotency-Key"] = randomId();
  return call<T>("POST", path, {
    body: JSON.stringify(body),
    headers,
    ...(signal ? { signal } : {}),
  });
}

export function put<T>(path: string, body: unknown): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  return call<T>("PUT", path, { body: JSON.stringify(body), headers });
}

export function remove(path: string): Promise<void> {
  return call<void>("DELETE", path, {});
}

/** All entries of a list, up to `most`; `more` says whether there are others. */
export async function all<T>(
  path: string,
  query: Query,
  most = 1000,
  signal?: AbortSignal,
): Promise<{ data: T[]; more: boolean }> {
  const data: T[] = [];
  let cursor: string | null = null;
  do {
    const at: Query = cursor === null ? [] : [["cursor", cursor]];
    const page: Page<T> = await get(
      pathWith(path, [...query, ["limit", String(Math.min(most, 1000))], ...at]),
      signal,
    );
    data.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor !== null && data.length < most);
  return { data: data.slice(0, most), more: cursor !== null || data.length > most };
}

/** An answer as it is written, for what would lose digits when it is read as JSON. */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await answered("GET", path, signal ? { signal } : {})).text();
}

async function call<T>(method: string, path: string, init: RequestInit): Promise<T> {
  const response = await answered(method, path, init);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function answered(method: string, path: string, init: RequestInit): Promise<Response> {
  const response = await fetched(method, path, init);
  // A large answer lies at a signed address elsewhere, where the page may not call.
  if (response.type === "opaqueredirect")
    throw new Problem(303, "answer_elsewhere", "The answer is too large for this page.");
  if (response.ok) return response;
  throw await problemOf(response);
}

function fetched(method: string, path: string, init: RequestInit): Promise<Response> {
  const { token } = session.get();
  const early = method === "GET" ? takeAhead(path, token) : null;
  return reached(early ?? fetch(path, asSent(method, token ?? "", init)));
}

/** The answer to what was asked while the page was on its way: once, and for that instant only. */
function takeAhead(path: string, token: string | null): Promise<Response> | null {
  const { ahead } = window;
  if (ahead?.path !== path || ahead.token !== token || ahead.at !== asOf.get()) return null;
  delete window.ahead;
  return ahead.answer;
}

async function reached(answer: Promise<Response>): Promise<Response> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "unreachable", "The server did not answer. Is it running?");
  }
}

export async function problemOf(response: {
  status: number;
  text(): Promise<string>;
}): Promise<Problem> {
  const text = await response.text();
  if (response.status === 401) {
    // Unknown, expired or revoked: the same answer for all, and the end of this session.
    if (session.get().token) signOut("refused");
    return new Problem(401, "unauthorized", "The token is not known, has expired or was revoked.");
  }
  try {
    const told = JSON.parse(text);
    const detail = told.detail ?? told.message ?? `The server answered ${response.status}.`;
    const code = told.code ?? "error";
    const id = told.request_id ?? null;
    return new Problem(response.status, code, detail, told.errors ?? [], id, told.allowed ?? []);
  } catch {
    return new Problem(response.status, "error", `The server answered ${response.status}.`);
  }
}

/** Sends a body with progress, which fetch cannot tell. */
export function upload<T>(
  path: string,
  body: string,
  type: string,
  key: string,
  onProgress: (share: number) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("Content-Type", type);
    request.setRequestHeader("Idempotency-Key", key);
    request.setRequestHeader("X-User-Token", session.get().token ?? "");
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onerror = () => reject(new Problem(0, "unreachable", "The server did not answer."));
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText) as T);
      else
        problemOf({ status: request.status, text: async () => request.responseText }).then(reject);
    };
    request.send(body);
  });
}
