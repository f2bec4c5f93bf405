// Devices as cards: may they be used, how are they, what do they run.

import { useMemo, useState } from "preact/hooks";
import { all, get } from "../../api";
import type { DeviceAnswer, MeAnswer } from "../../api_types";
import { refresh, useAsOf, useLive } from "../../clock";
import { DEVICE_STATES, type DeviceFilter, keysOf } from "../../filters";
import { Ago } from "../../parts/ago";
import { type Dimension, FilterBar } from "../../parts/filter_bar";
import { useFind, useFirst } from "../../parts/first";
import { Link } from "../../parts/link";
import { Command, Empty, Skeleton, Trouble } from "../../parts/notes";
import { StatusPill } from "../../parts/status_pill";
import { callsSaid } from "../../pure/places";
import { useQuery } from "../../query";
import { useView } from "../../view";
import { fixed, jobDimensions } from "../jobs/dimensions";
import { Condition, TakesNoJob } from "./condition";

// Whether a device is present, ready or in use is in its state.
const FILTERS: string[] = ["state", "model", "queue_tag"] satisfies DeviceFilter[];
const STATES = keysOf(DEVICE_STATES);
const STEP = 1000;

export function DeviceList() {
  const view = useView("all", FILTERS);
  const asOf = useAsOf();
  const asked = view.asked.filter(([name]) => FILTERS.includes(name));
  const name = JSON.stringify(asked);
  const [most, setMost] = useState(STEP);
  const loaded = useQuery(
    `${name} ${most} ${asOf}`,
    (signal) => all<DeviceAnswer>("/devices", asked, most, signal),
    name,
  );
  const me = useQuery<MeAnswer>("me", (signal) => get("/accounts/me", signal));
  const dimensions = useMemo(deviceDimensions, []);
  useLive(true);
  const devices = loaded.data?.data ?? [];
  const { rows, field } = useFind(devices, "a device", textOf);
  const first = useFirst(rows);
  return (
    <>
      <FilterBar view={view} fallback="all" dimensions={dimensions} hasRange={false} />
      <header class="row">
        <h1>Devices</h1>
        <span class="note">
          {tally(devices)}
          {loaded.data?.more && ` · only the first ${devices.length.toLocaleString("en-US")}`}
        </span>
        {loaded.data?.more && (
          <button type="button" onClick={() => setMost(most + STEP)}>
            List more
          </button>
        )}
        <span class="push" />
        {field}
      </header>
      {loaded.error && (
        <Trouble problem={loaded.error} what="The devices could not be loaded." onAgain={refresh} />
      )}
      {!loaded.data && !loaded.error && <Skeleton height={240} />}
      {loaded.data && devices.length === 0 && (
        <NoDevices isFiltered={asked.length > 0} isAdmin={me.data?.admin ?? false} />
      )}
      <ul class="cards">
        {first.rows.map((device) => (
          <li key={device.serial}>
            <DeviceCard device={device} />
          </li>
        ))}
      </ul>
      {first.more}
    </>
  );
}

function textOf({ serial, name, kind, models }: DeviceAnswer): string {
  return [serial, name, kind, ...models].join(" ");
}

function deviceDimensions(): Dimension[] {
  return [
    { name: "state", label: "State", single: true, choices: fixed(STATES) },
    ...jobDimensions(["model", "queue_tag"]),
  ];
}

function tally(devices: DeviceAnswer[]): string {
  const counts = STATES.map(
    (state) => [devices.filter((each) => each.state === state).length, state] as const,
  );
  return counts
    .filter(([count]) => count)
    .map(([count, state]) => `${count} ${state.replace("_", " ")}`)
    .join(" · ");
}

function DeviceCard({ device }: { device: DeviceAnswer }) {
  return (
    <article class="card device" data-device={device.serial}>
      <header class="row">
        <h2>
          <Link to={["devices", device.serial]}>{device.name ?? device.serial}</Link>
        </h2>
        <span class="push" />
        <StatusPill status={device.state} />
      </header>
      <p class="note">
        <code>{device.serial}</code>
        {device.kind && ` · ${device.kind}`} · seen <Ago at={device.last_seen_at} />
      </p>
      <Condition device={device} />
      <TakesNoJob device={device} />
      {callsSaid(device) && <p data-calls={device.calls_running}>▶ {callsSaid(device)}</p>}
      {device.job_id && (
        <p>
          ▶{" "}
          <Link to={["jobs", device.job_id]}>
            <code>
              {device.job_id.slice(0, 8)}…{device.job_id.slice(-6)}
            </code>
          </Link>
        </p>
      )}
      <p class="note wrap">{device.models.length ? device.models.join(", ") : "serves no model"}</p>
    </article>
  );
}

function NoDevices({ isFiltered, isAdmin }: { isFiltered: boolean; isAdmin: boolean }) {
  if (isFiltered)
    return (
      <Empty title="No device passes these filters">
        <p>
          <a href="#/devices">Show all</a>
        </p>
      </Empty>
    );
  const command = `curl -s -X POST '${location.origin}/devices/register' -H "X-User-Token: $ADMIN_TOKEN" -H 'Content-Type: application/json' -d '{"serial":"my-phone","name":"My phone","kind":"phone"}'`;
  return (
    <Empty title="No devices yet">
      <p>
        {isAdmin
          ? "Register one, then start a runner on it with the token of the answer:"
          : "An administrator registers devices; a runner on each of them takes jobs."}
      </p>
      {isAdmin && <Command text={command} />}
    </Empty>
  );
}
