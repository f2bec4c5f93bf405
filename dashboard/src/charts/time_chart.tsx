// A chart over time in its card: drawing, legend, tooltip, and what one can take away from it.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { DataTable } from "../parts/data_table";
import { TakeAway } from "../parts/take_away";
import { exact, shown } from "../pure/format";
import { brief, stamp, type Zone } from "../pure/times";
import { change, currentRoute } from "../router";
import { useSignal } from "../signal";
import { painted } from "../theme";
import { Legend } from "./legend";
import { columns, type Drawing, drawn } from "./lines";
import { usePlotting, usePlottingMissing } from "./plotting";

interface Props {
  title: string;
  note?: string;
  drawing: Drawing;
  zone: Zone;
  /** Edges of the time axis, in milliseconds. */
  window?: { from: number; to: number } | null;
  /** The request behind it. */
  path: string;
  file: string;
  height?: number;
  /** How many values stand behind each point. */
  counts?: (number | null)[];
  /** What stands under the chart. */
  children?: ComponentChildren;
}

export function TimeChart(props: Props) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [isTable, setTable] = useState(false);
  const { drawing, title } = props;
  const empty = drawing.lines.every((line) => line.values.every((value) => value === null));
  return (
    <figure class="card chart" aria-label={title}>
      <figcaption>
        <h3>{title}</h3>
        {props.note && <span class="note">{props.note}</span>}
        <TakeAway
          path={props.path}
          file={props.file}
          isTable={isTable}
          onTable={() => setTable(!isTable)}
          table={() => tableOf(drawing)}
        />
      </figcaption>
      {empty ? (
        <p class="blank">No values in this window.</p>
      ) : isTable ? (
        <DataTable {...tableOf(drawing)} zone={props.zone} />
      ) : (
        <Canvas {...props} hidden={hidden} />
      )}
      {!empty && !isTable && <Legend drawing={drawing} hidden={hidden} onHide={setHidden} />}
      {props.children}
    </figure>
  );
}

function tableOf(drawing: Drawing) {
  const header = ["time", ...drawing.lines.map((line) => line.name)];
  const rows = drawing.times.map((s, at) => [
    new Date(s * 1000).toISOString(),
    ...drawing.lines.map((line) => line.values[at] ?? null),
  ]);
  return { header, rows };
}

function Canvas(props: Props & { hidden: ReadonlySet<string> }) {
  const { drawing, zone, hidden, height = 190, window } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const plotting = usePlotting();
  const isMissing = usePlottingMissing();
  const [point, setPoint] = useState<number | null>(null);
  const [inside, setInside] = useState(false);
  const theme = useSignal(painted);
  const edges = useRef<[number, number] | null>(null);
  edges.current = window ? [window.from / 1000, window.to / 1000] : null;
  const pieces = useMemo(() => drawn(drawing, hidden), [drawing, hidden]);
  const shape = useMemo(
    () =>
      JSON.stringify([
        drawing.lines.map((line) => [line.name, line.kind, line.color]),
        pieces.map((piece) => piece.line),
        drawing.unit,
        drawing.partial,
        drawing.marks,
      ]),
    [drawing, pieces],
  );
  // `shape` tells what the options are made of; values alone are set below.
  useLayoutEffect(() => {
    const root = place.current;
    if (!root || !plotting) return;
    const frame = { width: root.clientWidth || 300, height, zone, range: () => edges.current };
    const events = { onPoint: setPoint, onZoom: zoomTo, onReset: zoomOut };
    const made = plotting.plotted(drawing, pieces, frame, events, root);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: root.clientWidth, height }));
    observer.observe(root);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [plotting, shape, zone, theme, height]);
  useEffect(() => plot.current?.setData(columns(drawing, pieces)), [drawing, pieces]);
  return (
    <div
      class="plot"
      role="img"
      aria-label={`${props.title}: ${describe(drawing)}`}
      ref={place}
      style={{ minHeight: `${height}px` }}
      onPointerEnter={() => setInside(true)}
      onPointerLeave={() => setInside(false)}
    >
      {isMissing && <p class="blank">The chart could not be drawn. Reload the page.</p>}
      {inside && point !== null && <Tip {...props} at={point} plot={plot.current} />}
    </div>
  );
}

function describe(drawing: Drawing): string {
  const names = drawing.lines.map((line) => line.name).join(", ");
  return `${drawing.times.length} points of ${names}. “Data” shows them as a table.`;
}

const LEAST_ZOOM_MS = 1_000;

function zoomTo(from: number, until: number): void {
  const to = Math.max(until, from + LEAST_ZOOM_MS);
  const query = currentRoute().query;
  const was = query.get("was") ?? query.get("range") ?? "";
  change({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), range: null, was });
}

function zoomOut(): void {
  const query = currentRoute().query;
  if (query.has("from"))
    change({ from: null, to: null, range: query.get("was") || null, was: null });
}

function Tip(props: Props & { at: number; hidden: ReadonlySet<string>; plot: uPlot | null }) {
  const { drawing, at, plot } = props;
  const s = drawing.times[at];
  if (s === undefined || !plot) return null;
  const left = plot.valToPos(s, "x") + plot.over.offsetLeft;
  const isRight = left > plot.width / 2;
  const values = drawing.lines
    .filter(
      (line) =>
        !props.hidden.has(line.name) &&
        line.values[at] != null &&
        (line.kind !== "bar" || line.values[at] !== 0),
    )
    .sort((a, b) => (b.values[at] ?? 0) - (a.values[at] ?? 0));
  const until = drawing.step
    ? ` – ${brief((s + drawing.step) * 1000, props.zone)
        .split(" ")
        .pop()}`
    : "";
  const count = props.counts?.[at];
  return (
    <div
      class="tip"
      style={isRight ? { right: `${plot.width - left + 12}px` } : { left: `${left + 12}px` }}
    >
      <strong>
        {drawing.step
          ? brief(s * 1000, props.zone, drawing.step < 60) + (drawing.step < 86_400 ? until : "")
          : stamp(s * 1000, props.zone)}
      </strong>
      {drawing.partial && at === drawing.times.length - 1 && <em> not over yet</em>}
      {/* Of another kind than parts/table: a legend without headings, which never scrolls. */}
      <table>
        <tbody>
          {values.slice(0, 12).map((line) => (
            <tr key={line.name}>
              <th scope="row">
                <i class="swatch" style={{ background: `var(${line.color})` }} />
                {line.name}
              </th>
              <td title={exact(line.values[at])}>{shown(line.values[at], drawing.unit)}</td>
            </tr>
          ))}
          {values.length > 12 && (
            <tr>
              <th scope="row">and {values.length - 12} more</th>
              <td />
            </tr>
          )}
        </tbody>
      </table>
      {count != null && <span class="note">n = {count.toLocaleString("en-US")}</span>}
      {values.length === 0 && <span class="note">nothing here</span>}
    </div>
  );
}
