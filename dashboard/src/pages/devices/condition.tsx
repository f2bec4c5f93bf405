// Battery, charging, temperature, thermal state: what is known of them.

import type { DeviceAnswer } from "../../api_types";
import { shown } from "../../pure/format";

const LOW_PCT = 20;

export function Condition({ device }: { device: DeviceAnswer }) {
  const { battery, temperature_c, thermal_state, charging } = device;
  if (battery === null && temperature_c === null && thermal_state === null)
    return <p class="note">tells nothing of battery or temperature</p>;
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
