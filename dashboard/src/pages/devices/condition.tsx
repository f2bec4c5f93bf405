// Battery, charging, temperature, thermal state: what is known of them.

import type { DeviceAnswer } from "../../api_types";
import { shown } from "../../pure/format";

const LOW_PCT = 20;

export function Condition({ device }: { device: DeviceAnswer }) {
  const { battery, temperature_c, thermal_state, charging } = device;
  if (battery === null && temperature_c === null && thermal_state === null)
    return <p class="note">says nothing of battery or temperature</p>;
  return (
    <ul class="condition">
      {battery !== null && (
        <li class={battery < LOW_PCT && !charging ? "warn" : ""}>
          <span class="battery" aria-hidden="true">
            <i style={{ width: `${battery}%` }} />
          </span>
          {shown(battery, "%")}
          {charging ? " charging" : ""}
        </li>
      )}
      {temperature_c !== null && (
        <li class={device.state === "hot" ? "bad" : ""}>{temperature_c.toFixed(1)} °C</li>
      )}
      {thermal_state !== null && <li>{String(thermal_state)}</li>}
    </ul>
  );
}

/** Why a device that is there takes no job, if it does not. */
export function TakesNoJob({ device }: { device: DeviceAnswer }) {
  if (!device.not_ready_reason) return null;
  const why = device.unhealthy
    ? `several jobs in a row failed here, the last as ${device.unhealthy.code}; it tries itself, and is back when that passes`
    : device.not_ready_reason;
  return <p class="warn wrap">Takes no job: {why}</p>;
}
