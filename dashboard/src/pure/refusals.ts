// What to do about a call that the gateway refused, or that failed on its way.

export interface Refusal {
  status: number;
  code: string;
  detail: string;
  /** What would have been taken. */
  allowed: string[];
  /** When to come again, in seconds. */
  retryAfterS: number | null;
  /** How many calls wait before this one would. */
  ahead: number | null;
  requestId: string | null;
}

const ADVICE: Record<string, string> = {
  model_not_found: "Choose another model, or start a runner that serves it.",
  device_not_found: "Choose another device, or let any device answer.",
  no_device_ready:
    "Look under Devices what keeps them: heat, battery, a runner that was stopped. A device that is back takes calls within seconds.",
  parallel_limit: "Stop one of your calls, or wait until one has ended.",
  queue_full: "Ask again in a moment, or choose another device.",
  wait_exceeded: "Ask again, let it wait longer, or choose another device.",
  timeout: "Ask for fewer tokens, or choose a faster device.",
  device_error: "Ask again; where it happens again, the device's page says what went wrong there.",
  invalid_argument: "The model's server did not accept this: change the settings or the prompt.",
  validation_failed: "Change what is named, and ask again.",
  payload_too_large: "Shorten the prompt.",
  cancelled: "It was stopped before a device began. Ask again.",
  forbidden: "The gateway takes API keys only: use another one below.",
  unauthorized: "The API key is not known, has expired or was revoked: use another one below.",
  no_key: "This sign-in may not make an API key. Enter one of yours below.",
  unreachable: "Look whether the gateway runs, and whether its address can be reached from here.",
  stream_cut: "What came is kept. Ask again; the device may have gone away.",
  unavailable: "The service has a moment of trouble. Ask again.",
};
const BY_STATUS: Record<number, string> = {
  429: "Ask again in a moment.",
  503: "Ask again in a moment.",
};

/** One or two sentences for the person who asked. */
export function adviceFor({ status, code, retryAfterS }: Refusal): string {
  const said =
    ADVICE[code] ??
    BY_STATUS[status] ??
    (status >= 500
      ? "Ask again; where it happens again, give the number of the request to an administrator."
      : "Change the call, and ask again.");
  return retryAfterS ? `${said} The gateway asks to wait ${retryAfterS} s.` : said;
}

/** An answer with an error status, read. */
export function refusalOf(
  status: number,
  header: (name: string) => string | null,
  body: string,
): Refusal {
  const found = documentIn(body);
  const wait = Number(header("Retry-After"));
  const ahead = header("X-Evalyard-Ahead");
  const faults = (found.errors ?? []).map((fault) => fault.detail).filter(Boolean);
  const detail = found.detail ?? found.message ?? `The gateway answered ${status}.`;
  return {
    status,
    code: found.code ?? (status === 401 ? "unauthorized" : "error"),
    detail: faults.length && !faults.includes(detail) ? `${detail}: ${faults.join("; ")}` : detail,
    allowed: found.allowed ?? [],
    retryAfterS: wait > 0 ? wait : null,
    ahead: ahead === null ? null : Number(ahead),
    requestId: found.request_id ?? header("X-Request-Id"),
  };
}

/** One that did not come as an answer. */
export function failure(code: string, detail: string, status = 0): Refusal {
  return { status, code, detail, allowed: [], retryAfterS: null, ahead: null, requestId: null };
}

interface Document {
  code?: string;
  detail?: string;
  message?: string;
  allowed?: string[];
  errors?: { detail: string }[];
  request_id?: string;
}

function documentIn(body: string): Document {
  try {
    return JSON.parse(body) as Document;
  } catch {
    return {};
  }
}
