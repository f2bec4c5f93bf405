// The submit form as text fields, and the body that the API takes.

import type { JobDetailAnswer } from "../api_types";

export interface JobForm {
  prompt: string;
  system: string;
  model: string;
  num_predict: string;
  temperature: string;
  seed: string;
  device_serial: string;
  queue_tag: string;
  priority: string;
  repeat: string;
  warmup: string;
  max_attempts: string;
  timeout_s: string;
  tag: string;
  adapter_id: string;
  callback_url: string;
}

export const BLANK: JobForm = {
  prompt: "",
  system: "",
  model: "",
  num_predict: "128",
  temperature: "",
  seed: "",
  device_serial: "",
  queue_tag: "default",
  priority: "0",
  repeat: "1",
  warmup: "0",
  max_attempts: "3",
  timeout_s: "600",
  tag: "",
  adapter_id: "",
  callback_url: "",
};

const OPTIONS = ["num_predict", "temperature", "seed"] as const;
const NUMBERS = ["priority", "repeat", "warmup", "max_attempts", "timeout_s"] as const;
const TEXTS = ["system", "device_serial", "tag", "adapter_id", "callback_url"] as const;

/** What is left empty is left out; options of a clone that the form does not show stay. */
export function bodyOf(form: JobForm, kept: Record<string, unknown> = {}): Record<string, unknown> {
  const options: Record<string, unknown> = { ...kept };
  for (const name of OPTIONS) {
    delete options[name];
    if (form[name] !== "") options[name] = Number(form[name]);
  }
  const body: Record<string, unknown> = {
    prompt: form.prompt,
    model: form.model,
    queue_tag: form.queue_tag,
    options,
  };
  for (const name of NUMBERS) if (form[name] !== "") body[name] = Number(form[name]);
  for (const name of TEXTS) if (form[name] !== "") body[name] = form[name];
  return body;
}

export function formOf(job: JobDetailAnswer): JobForm {
  const option = (name: string) => (job.options[name] == null ? "" : String(job.options[name]));
  return {
    prompt: job.prompt,
    system: job.system ?? "",
    model: job.model,
    num_predict: option("num_predict"),
    temperature: option("temperature"),
    seed: option("seed"),
    device_serial: job.device_serial ?? "",
    queue_tag: job.queue_tag,
    priority: String(job.priority),
    repeat: String(job.repeat),
    warmup: String(job.warmup),
    max_attempts: String(job.max_attempts),
    timeout_s: String(job.timeout_s),
    tag: job.tag ?? "",
    adapter_id: job.adapter_id ?? "",
    callback_url: job.callback_url ?? "",
  };
}
