// What jobs can be filtered by.

import { all } from "../../api";
import type { Choice, Dimension } from "../../parts/filter_bar";
import type { Device, Job } from "../../schemas";

export const JOB_FILTERS = ["status", "model", "device", "queue_tag", "tag"];
const STATUSES = ["queued", "running", "cancelling", "succeeded", "cancelled", "dead"];
export const QUEUE_TAGS = ["default", "short", "long"];

export function jobDimensions(): Dimension[] {
  const fixed = (values: string[]) => async () => values.map((value): Choice => ({ value }));
  return [
    { name: "status", label: "Status", single: true, choices: fixed(STATUSES) },
    {
      name: "model",
      label: "Model",
      single: true,
      choices: (signal) => ofDevices((each) => each.models, signal),
    },
    {
      name: "device",
      label: "Device",
      single: true,
      choices: (signal) => ofDevices((each) => [each.serial], signal),
    },
    { name: "queue_tag", label: "Queue", single: true, choices: fixed(QUEUE_TAGS) },
    { name: "tag", label: "Tag", single: true, choices: tagsOfJobs },
  ];
}

async function ofDevices(
  read: (device: Device) => string[],
  signal: AbortSignal,
): Promise<Choice[]> {
  const { data } = await all<Device>("/devices", [], 1000, signal);
  return [...new Set(data.flatMap(read))].sort().map((value) => ({ value }));
}

/** Of the latest jobs: there is no list of all tags. */
async function tagsOfJobs(signal: AbortSignal): Promise<Choice[]> {
  const { data } = await all<Job>("/api/jobs", [], 500, signal);
  const tags = data.map((job) => job.tag).filter((tag) => tag !== null);
  return [...new Set(tags)].sort().map((value) => ({ value }));
}
