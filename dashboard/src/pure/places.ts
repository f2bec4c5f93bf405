// Which models can be called, and where.

import type { DeviceAnswer } from "../api_types";

export interface Model {
  model: string;
  /** Devices that serve it, and how many of them are there and ready. */
  devices: number;
  ready: number;
}

/** What devices serve, the models first that most can answer with now. */
export function modelsOf(devices: DeviceAnswer[]): Model[] {
  const found = new Map<string, Model>();
  for (const device of devices)
    for (const model of device.models) {
      const known = found.get(model) ?? { model, devices: 0, ready: 0 };
      known.devices += 1;
      known.ready += answers(device) ? 1 : 0;
      found.set(model, known);
    }
  return [...found.values()].sort((a, b) => b.ready - a.ready || (a.model < b.model ? -1 : 1));
}

/** Whether a device takes calls now, or as soon as its turn comes. */
export function answers(device: DeviceAnswer): boolean {
  return device.ready && device.takes_calls;
}

/** How a device is, for one who wants it to answer. */
export function howIs(device: DeviceAnswer): string {
  if (!device.present) return "offline";
  if (!device.takes_calls) return "takes no calls";
  if (device.state === "busy" && device.ready) return callsSaid(device) ?? "runs a job";
  return device.state.replace("_", " ");
}

/** `answers 2 calls`; null where it answers none. */
export function callsSaid({ calls_running: calls }: DeviceAnswer): string | null {
  if (!calls) return null;
  return calls === 1 ? "answers a call" : `answers ${calls} calls`;
}
