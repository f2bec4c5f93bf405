// The LLM gateway: where it is, the API key that it takes, and calls that are read while they are
// written. It is another address than the API's where the deployment has two.

import { get, Problem, post, remove } from "./api";
import type { AskCancelled, MeAnswer, NewTokenAnswer } from "./api_types";
import { type AskEvent, eventReader } from "./pure/ask_events";
import { failure, type Refusal, refusalOf } from "./pure/refusals";
import { pathWith } from "./pure/request";
import type { Call } from "./pure/snippets";
import { session } from "./session";

const KEY = "evalyard.api_key";
/** A key that this page makes expires by itself when the user does not sign out. */
const KEY_LIVES_S = 8 * 3600;

interface Key {
  key: string;
  /** Null for one that was entered. */
  tokenId: string | null;
}

export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.detail);
  }
}

let address: Promise<string> | null = null;

/** The gateway's address, without a slash at its end. */
export function gatewayAddress(): Promise<string> {
  address ??= get<{ gateway_url: string }>("/assets/site.json").then(({ gateway_url }) =>
    new URL(gateway_url, location.origin).href.replace(/\/+$/, ""),
  );
  address.catch(() => {
    address = null;
  });
  return address;
}

/** Takes a key that the user entered; "" goes back to one that the page makes. */
export function useOwnKey(key: string): void {
  if (key) keep({ key, tokenId: null });
  else sessionStorage.removeItem(KEY);
}

export function hasOwnKey(): boolean {
  return kept()?.tokenId === null;
}

/** Before one signs out: the key that was made for this tab ends with it. */
export function forgetKey(): void {
  const tokenId = kept()?.tokenId;
  sessionStorage.removeItem(KEY);
  if (tokenId) remove(`/accounts/tokens/${encodeURIComponent(tokenId)}`).catch(() => undefined);
}
session.subscribe(({ token }) => token ?? sessionStorage.removeItem(KEY));

/**
 * Asks, and hands on what comes, as it comes. Raises Refused; ends without it where the stream ends.
 */
export async function askStream(
  call: Call,
  hear: (events: AskEvent[]) => void,
  begins: (requestId: string | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await answered("/ask_stream", call, signal);
  begins(response.headers.get("X-Request-Id"));
  const read = eventReader();
  const pieces = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!pieces) return;
  for (;;) {
    const { done, value } = await pieces.read();
    if (done) return;
    const events = read(value);
    if (events.length) hear(events);
  }
}

/** Stops a call by its number, from wherever it was begun. Raises Refused. */
export async function cancelAsk(requestId: string): Promise<AskCancelled> {
  const path = `/ask/${encodeURIComponent(requestId)}/cancel`;
  return (await answered(path, {}, undefined)).json();
}

async function answered(
  path: string,
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const { key, tokenId } = await keyOf();
  const response = await sent(path, body, key, signal);
  if (response.ok) return response;
  // A key that this page made and that was revoked is made once more.
  if (response.status === 401) {
    sessionStorage.removeItem(KEY);
    if (tokenId) return again(path, body, signal);
  }
  throw await refused(response);
}

async function again(
  path: string,
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const response = await sent(path, body, (await keyOf()).key, signal);
  if (response.ok) return response;
  throw await refused(response);
}

async function refused(response: Response): Promise<Refused> {
  const header = (name: string) => response.headers.get(name);
  return new Refused(refusalOf(response.status, header, await response.text()));
}

async function sent(
  path: string,
  body: unknown,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const url = (await gatewayAddress()) + path;
  try {
    return await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/x-ndjson",
        "X-Api-Key": key,
      },
      body: JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refused(failure("unreachable", `The gateway at ${url} did not answer.`));
  }
}

let making: Promise<Key> | null = null;

/** The key of this tab: what was entered, or one that is made for it, once. Raises Refused. */
function keyOf(): Promise<Key> {
  const there = kept();
  if (there) return Promise.resolve(there);
  making ??= made().finally(() => {
    making = null;
  });
  return making;
}

async function made(): Promise<Key> {
  try {
    const { expires_at } = await get<MeAnswer>("/accounts/me");
    // None outlives the token that makes it.
    const left = expires_at ? (Date.parse(expires_at) - Date.now()) / 1000 - 60 : KEY_LIVES_S;
    const told: NewTokenAnswer = await post(pathWith("/accounts/tokens", []), {
      kind: "api_key",
      name: "playground",
      expires_in_s: Math.max(1, Math.floor(Math.min(KEY_LIVES_S, left))),
    });
    return keep({ key: told.token as string, tokenId: told.token_id });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const code = error.status === 403 ? "no_key" : error.code;
    throw new Refused({
      ...failure(code, error.message, error.status),
      requestId: error.requestId,
    });
  }
}

function keep(key: Key): Key {
  sessionStorage.setItem(KEY, JSON.stringify(key));
  return key;
}

function kept(): Key | null {
  const text = sessionStorage.getItem(KEY);
  return text ? (JSON.parse(text) as Key) : null;
}
