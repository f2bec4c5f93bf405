// A prompt to a model on a device, and the answer while it is written; on two devices side by side.

import { useEffect, useMemo } from "preact/hooks";
import { all } from "../../api";
import type { DeviceAnswer } from "../../api_types";
import { refresh, useAsOf, useLive } from "../../clock";
import { Empty, Skeleton, Trouble } from "../../parts/notes";
import { isOver } from "../../pure/asking";
import { modelsOf } from "../../pure/places";
import { useQuery } from "../../query";
import { useSignal } from "../../signal";
import { addSide, askAll, held, setPlace, stop } from "./calls";
import { Fields } from "./fields";
import { OwnKey } from "./own_key";
import { Panel } from "./panel";

const NONE: DeviceAnswer[] = [];

export function Playground() {
  const { form, sides } = useSignal(held);
  const asOf = useAsOf();
  useLive(true);
  const loaded = useQuery(`devices ${asOf}`, (signal) =>
    all<DeviceAnswer>("/devices", [], 1000, signal),
  );
  const devices = loaded.data?.data ?? NONE;
  const models = useMemo(() => modelsOf(devices), [devices]);
  const [usual] = models;
  useEffect(() => {
    for (const { id, place } of sides)
      if (!place.model && usual) setPlace(id, { model: usual.model, device: "" });
  }, [usual?.model, sides.length]);
  const running = sides.filter(({ asked }) => asked && !isOver(asked));
  const canAsk = form.prompt !== "" && sides.every(({ place }) => place.model);
  const submit = (event: Event) => {
    event.preventDefault();
    if (canAsk) askAll();
  };
  if (loaded.data && devices.length === 0) return <NoDevices />;
  return (
    <>
      <header class="row">
        <h1>Playground</h1>
        <span class="note">Each answer is a run of usage, of source “gateway”.</span>
      </header>
      {loaded.error && (
        <Trouble problem={loaded.error} what="The devices could not be loaded." onAgain={refresh} />
      )}
      {!loaded.data && !loaded.error && <Skeleton height={300} />}
      {(loaded.data || sides.some(({ asked }) => asked)) && (
        <>
          <form class="card job-form" onSubmit={submit}>
            <Fields form={form} onAsk={submit} />
            <p class="row">
              <button type="submit" class="primary" disabled={!canAsk || running.length > 0}>
                {sides.length > 1 ? "Ask both" : "Ask"}
              </button>
              <button
                type="button"
                disabled={running.length === 0}
                onClick={() => running.forEach(({ id }) => void stop(id))}
              >
                Stop
              </button>
              {sides.length === 1 && (
                <button type="button" onClick={() => addSide(devices)}>
                  Ask a second device too
                </button>
              )}
              <span class="note">Ctrl+Enter asks.</span>
            </p>
          </form>
          <div class="grid answers">
            {sides.map((side) => (
              <Panel
                key={side.id}
                side={side}
                form={form}
                devices={devices}
                models={models}
                isOnly={sides.length === 1}
              />
            ))}
          </div>
          <OwnKey />
        </>
      )}
    </>
  );
}

function NoDevices() {
  return (
    <Empty title="No device can answer yet">
      <p>
        The gateway asks devices that run a model. <a href="#/devices">Devices</a> says how one is
        registered.
      </p>
    </Empty>
  );
}
