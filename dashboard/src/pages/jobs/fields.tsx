// The fields of the submit form, with what the server says about each.

import type { DatasetEntry, DeviceAnswer, ProblemFault } from "../../api_types";
import type { JobForm } from "../../pure/job_form";
import { QUEUE_TAGS } from "./dimensions";

interface Props {
  form: JobForm;
  onChange: (changes: Partial<JobForm>) => void;
  devices: DeviceAnswer[];
  datasets: DatasetEntry[];
  faults: ProblemFault[];
}

export function JobFields({ form, onChange, devices, datasets, faults }: Props) {
  const models = [...new Set(devices.flatMap((device) => device.models))].sort();
  const field = (name: keyof JobForm) => ({
    name,
    value: form[name],
    "aria-invalid": faults.some((fault) => fault.pointer.endsWith(`/${name}`)),
    onInput: (event: { currentTarget: { value: string } }) =>
      onChange({ [name]: event.currentTarget.value }),
  });
  const number = (name: keyof JobForm, min: number, max: number, step = "1") => ({
    ...field(name),
    type: "number" as const,
    min,
    max,
    step,
  });
  return (
    <>
      <label class="wide">
        Prompt
        <textarea rows={5} required {...field("prompt")} />
      </label>
      <label class="wide">
        System prompt
        <textarea rows={2} {...field("system")} />
      </label>
      <label>
        Model
        <input list="models" required autocomplete="off" {...field("model")} />
        <datalist id="models">
          {models.map((model) => (
            <option key={model} value={model} />
          ))}
        </datalist>
      </label>
      <label>
        Device
        <select {...field("device_serial")}>
          <option value="">any that serves the model</option>
          {devices.map((device) => (
            <option key={device.serial} value={device.serial}>
              {device.name ?? device.serial} ({device.state.replace("_", " ")})
            </option>
          ))}
        </select>
      </label>
      <label>
        Tokens at most
        <input {...number("num_predict", 1, 32_768)} />
      </label>
      <label>
        Temperature
        <input {...number("temperature", 0, 2, "any")} placeholder="the model's own" />
      </label>
      <label>
        Repetitions
        <input {...number("repeat", 1, 100)} />
      </label>
      <label>
        To warm up
        <input {...number("warmup", 0, 10)} />
      </label>
      <label>
        Tag
        <input {...field("tag")} placeholder="a build, a prompt set" />
      </label>
      <label>
        Into dataset
        <select {...field("adapter_id")}>
          <option value="">none</option>
          {datasets.map((each) => (
            <option key={each.dataset} value={each.dataset}>
              {each.dataset}
            </option>
          ))}
        </select>
      </label>
      <details class="wide">
        <summary>More</summary>
        <div class="fields">
          <label>
            Queue
            <select {...field("queue_tag")}>
              {QUEUE_TAGS.map((tag) => (
                <option key={tag} value={tag}>
                  {tag}
                </option>
              ))}
            </select>
          </label>
          <label>
            Priority (9 goes first)
            <input {...number("priority", 0, 9)} />
          </label>
          <label>
            Attempts at most
            <input {...number("max_attempts", 1, 10)} />
          </label>
          <label>
            Seconds per attempt
            <input {...number("timeout_s", 1, 21_600)} />
          </label>
          <label>
            Seed
            <input {...number("seed", 0, 2 ** 31)} placeholder="any" />
          </label>
          <label>
            Callback URL
            <input type="url" {...field("callback_url")} placeholder="https://…" />
          </label>
        </div>
      </details>
    </>
  );
}
