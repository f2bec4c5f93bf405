// One place to ask, and what came from there.

import { useMemo } from "preact/hooks";
import type { DeviceAnswer } from "../../api_types";
import { gatewayAddress } from "../../gateway";
import { Copy } from "../../parts/copy";
import { isOver } from "../../pure/asking";
import { askCommand } from "../../pure/commands";
import { answers, howIs, type Model } from "../../pure/places";
import { askCurl, askPython, type Call } from "../../pure/snippets";
import { Answer } from "./answer";
import { callOf, dropSide, type Form, type Place, type Side, setPlace, stop } from "./calls";

interface Props {
  side: Side;
  form: Form;
  devices: DeviceAnswer[];
  models: Model[];
  isOnly: boolean;
}

export function Panel({ side, form, devices, models, isOnly }: Props) {
  const { id, place, asked } = side;
  const serving = useMemo(
    () => devices.filter((each) => each.models.includes(place.model)),
    [devices, place.model],
  );
  // Made once and not with each piece of text: a thousand devices are a thousand options.
  const choices = useMemo(
    () => <Choices id={id} place={place} models={models} serving={serving} />,
    [id, place, models, serving],
  );
  const call = () => callOf({ form, place });
  return (
    <section class="card answer" aria-label={`Answer ${isOnly ? "" : nameOf(place)}`}>
      <header class="row">
        {choices}
        <span class="push" />
        {asked && !isOver(asked) && (
          <button type="button" onClick={() => stop(id)}>
            Stop
          </button>
        )}
        {!isOnly && (
          <button type="button" class="quiet" onClick={() => dropSide(id)}>
            Remove
          </button>
        )}
      </header>
      <Answer asked={asked} place={place} ready={serving.some(answers)} />
      <footer class="row">
        <span class="note">Copy as</span>
        <CopyAs label="curl" write={askCurl} call={call} />
        <CopyAs label="Python" write={askPython} call={call} />
        <CopyAs label="command" write={(_, asks) => askCommand(asks)} call={call} />
        {asked?.text && <Copy text={() => asked.text} label="Answer" />}
      </footer>
    </section>
  );
}

interface ChoicesProps {
  id: number;
  place: Place;
  models: Model[];
  serving: DeviceAnswer[];
}

function Choices({ id, place, models, serving }: ChoicesProps) {
  const put = (changes: Partial<Place>) => setPlace(id, { ...place, ...changes });
  return (
    <>
      <ModelChoice models={models} value={place.model} onPut={put} serving={serving} at={place} />
      <label class="inline">
        on{" "}
        <select
          aria-label="Device"
          value={place.device}
          onChange={(event) => put({ device: event.currentTarget.value })}
        >
          <option value="">any device</option>
          {missing(place.device, serving).map((serial) => (
            <option key={serial} value={serial}>
              {serial} (not there)
            </option>
          ))}
          {serving.map((device) => (
            <option key={device.serial} value={device.serial}>
              {device.name ?? device.serial} ({howIs(device)})
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

interface ModelProps {
  models: Model[];
  value: string;
  at: Place;
  serving: DeviceAnswer[];
  onPut: (changes: Partial<Place>) => void;
}

function ModelChoice({ models, value, at, serving, onPut }: ModelProps) {
  const choose = (model: string) => {
    const stays = serving.some((each) => each.serial === at.device && each.models.includes(model));
    onPut({ model, device: stays ? at.device : "" });
  };
  const known = models.map(({ model }) => model);
  return (
    <select
      aria-label="Model"
      class="model"
      value={value}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      {value === "" && <option value="">no model</option>}
      {value !== "" && !known.includes(value) && (
        <option value={value}>{value} (not served)</option>
      )}
      {models.map(({ model, ready, devices }) => (
        <option key={model} value={model}>
          {model} ({ready} of {devices} ready)
        </option>
      ))}
    </select>
  );
}

function missing(serial: string, serving: DeviceAnswer[]): string[] {
  return serial && !serving.some((each) => each.serial === serial) ? [serial] : [];
}

function nameOf({ model, device }: Place): string {
  return `of ${model} on ${device || "any device"}`;
}

interface CopyProps {
  label: string;
  write: (gateway: string, call: Call) => string;
  call: () => Call;
}

function CopyAs({ label, write, call }: CopyProps) {
  return (
    <Copy
      text={async () => write(await gatewayAddress(), call())}
      label={label}
      title={`Copy the call as ${label}`}
    />
  );
}
