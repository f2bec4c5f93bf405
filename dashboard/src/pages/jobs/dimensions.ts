// What jobs can be filtered by.

import { all } from "../../api";
import type { DeviceAnswer, JobAnswer } from "../../api_types";
import { JOB_FILTERS, JOB_STATES, type JobFilter, keysOf } from "../../filters";
import type { Choice, Dimension } from "../../parts/filter_bar";

/** Which there are is the deployment's business; these are the template's. */
export const QUEUE_TAGS = ["default", "short", "long"];

/** Of so many devices one may choose; a form with more is of no use. */
export const MOST_DEVICES = 5_000;

type Choices = Dimension["choices"];
const CHOICES: Record<JobFilter, Choices> = {
  status: fixed(keysOf(JOB_STATES)),
  model: (signal) => ofDevices((each) => each.models, signal),
  device: (signal) => ofDevices((each) => [each.serial], signal),
  queue_tag: fixed(QUEUE_TAGS),
  tag: tagsOfJobs,
};

export function jobDimensions(names: JobFilter[] = keysOf(JOB_FILTERS)): Dimension[] {
  return names.map((name) => ({
    name,
    label: JOB_FILTERS[name],
    single: true,
    choices: CHOICES[name],
  }));
}

export function fixed(values: string[]): Choices {
  return async () => values.map((value): Choice => ({ value }));
}

async function ofDevices(
  read: (device: DeviceAnswer) => string[],
  signal: AbortSignal,
): Promise<Choice[]> {
  const { data } = await all<DeviceAnswer>("/devices", [], MOST_DEVICES, signal);
  return [...new Set(data.flatMap(read))].sort().map((value) => ({ value }));
}

/** Of the latest jobs: there is no list of all tags. */
async function tagsOfJobs(signal: AbortSignal): Promise<Choice[]> {
  const { data } = await all<JobAnswer>("/api/jobs", [], 500, signal);
  const tags = data.map((job) => job.tag).filter((tag) => tag !== null);
  return [...new Set(tags)].sort().map((value) => ({ value }));
}
