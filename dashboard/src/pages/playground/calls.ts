// What the playground holds: the form, and the calls on their way. They go on while one looks at
// other pages, and are there when one comes back; they end with their author or the tab.

import type { DeviceAnswer } from "../../api_types";
import { askStream, cancelAsk, Refused } from "../../gateway";
import { alsoForget } from "../../parts/draft";
import { type Asked, begun, closed, heard, isOver, refused } from "../../pure/asking";
import { failure } from "../../pure/refusals";
import type { Call } from "../../pure/snippets";
import { signal } from "../../signal";

export interface Place {
  model: string;
  /** "" is any that serves the model. */
  device: string;
}
export interface Form {
  prompt: string;
  system: string;
  num_predict: string;
  temperature: string;
  tag: string;
  max_wait_s: string;
}

/** Side by side: of each place its latest call. */
export interface Side {
  id: number;
  place: Place;
  asked: Asked | null;
}

interface Held {
  form: Form;
  sides: Side[];
}

const BLANK: Held = {
  form: { prompt: "", system: "", num_predict: "256", temperature: "", tag: "", max_wait_s: "30" },
  sides: [{ id: 0, place: { model: "", device: "" }, asked: null }],
};

export const held = signal<Held>(BLANK);
const stops = new Map<number, AbortController>();
alsoForget(() => {
  for (const stop of stops.values()) stop.abort();
  held.set(BLANK);
});

export function setForm(changes: Partial<Form>): void {
  held.set({ ...held.get(), form: { ...held.get().form, ...changes } });
}

export function setPlace(id: number, place: Place): void {
  setSide(id, (side) => ({ ...side, place }));
}

/** A second place for the same prompt: of the same model another device, where there is one. */
export function addSide(devices: DeviceAnswer[]): void {
  const [first] = held.get().sides;
  if (!first) return;
  const { model, device } = first.place;
  const other = devices.find((each) => each.models.includes(model) && each.serial !== device);
  const place = { model, device: other?.serial ?? "" };
  held.set({ ...held.get(), sides: [first, { id: first.id + 1, place, asked: null }] });
}

export function dropSide(id: number): void {
  stop(id);
  held.set({ ...held.get(), sides: held.get().sides.filter((side) => side.id !== id) });
}

/** The call of one place; what is left empty is left out. */
export function callOf({ form, place }: { form: Form; place: Place }): Call {
  const options = {
    ...(form.num_predict && { num_predict: Number(form.num_predict) }),
    ...(form.temperature && { temperature: Number(form.temperature) }),
  };
  return {
    prompt: form.prompt,
    model: place.model,
    ...(place.device && { device: place.device }),
    ...(form.system && { system: form.system }),
    ...(form.tag && { tag: form.tag }),
    ...(Object.keys(options).length > 0 && { options }),
    ...(form.max_wait_s && { max_wait_s: Number(form.max_wait_s) }),
  };
}

/** Asks at all places at once. */
export function askAll(): void {
  const { form, sides } = held.get();
  for (const { id, place } of sides) ask(id, callOf({ form, place }));
}

async function ask(id: number, call: Call): Promise<void> {
  stops.get(id)?.abort();
  const abort = new AbortController();
  stops.set(id, abort);
  const began = begun(call.model, call.device ?? "", performance.now());
  setSide(id, (side) => ({ ...side, asked: began }));
  const change = (next: (asked: Asked) => Asked) =>
    setSide(id, (side) =>
      side.asked?.beganAt === began.beganAt ? { ...side, asked: next(side.asked) } : side,
    );
  try {
    await askStream(
      call,
      (events) =>
        change((asked) =>
          events.reduce((now, event) => heard(now, event, performance.now()), asked),
        ),
      (requestId) => change((asked) => ({ ...asked, requestId })),
      abort.signal,
    );
    change((asked) => closed(asked, performance.now()));
  } catch (error) {
    const refusal = abort.signal.aborted
      ? failure("cancelled", "It was stopped.")
      : error instanceof Refused
        ? error.refusal
        : failure("stream_cut", "The connection broke while the answer was written.");
    change((asked) => (isOver(asked) ? asked : refused(asked, refusal, performance.now())));
  }
}

/**
 * Stops a call. One whose number is known is cancelled by it, on AWS the only way to reach the
 * device, and ends by itself; before that, the connection is cut.
 */
export async function stop(id: number): Promise<void> {
  const asked = held.get().sides.find((side) => side.id === id)?.asked;
  if (!asked || isOver(asked)) return;
  setSide(id, (side) => ({ ...side, asked: side.asked && { ...side.asked, isStopping: true } }));
  if (asked.requestId === null) return stops.get(id)?.abort();
  try {
    await cancelAsk(asked.requestId);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // It has ended meanwhile, or cannot be reached: nothing more is read of it.
    stops.get(id)?.abort();
  }
}

function setSide(id: number, next: (side: Side) => Side): void {
  const { sides } = held.get();
  held.set({ ...held.get(), sides: sides.map((side) => (side.id === id ? next(side) : side)) });
}
