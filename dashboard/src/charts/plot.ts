// uPlot's options for a drawing: axes with units, a shared crosshair, drag to zoom.

import uPlot from "uplot";
import { digits, glue, scaleFor } from "../pure/format";
import { axisLabels, type Zone } from "../pure/times";
import { color } from "../theme";
import { axisAround, columns, type Drawing, type Drawn, isolated, type Mark } from "./lines";

const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const crosshair = uPlot.sync("crosshair");

export interface Events {
  onPoint(index: number | null): void;
  onZoom(from: number, to: number): void;
  onReset(): void;
}

export interface Frame {
  width: number;
  height: number;
  zone: Zone;
  /** Edges of the time axis, in seconds, as they are when it is drawn; null follows the data. */
  range: () => [number, number] | null;
}

/** A plot of the drawing in `root`. */
export function plotted(
  drawing: Drawing,
  pieces: Drawn[],
  frame: Frame,
  events: Events,
  root: HTMLElement,
): uPlot {
  return new uPlot(optionsFor(drawing, pieces, frame, events), columns(drawing, pieces), root);
}

function optionsFor(
  drawing: Drawing,
  pieces: Drawn[],
  frame: Frame,
  events: Events,
): uPlot.Options {
  const ink = color("--ink-2");
  const grid = { stroke: color("--grid"), width: 1 };
  return {
    width: frame.width,
    height: frame.height,
    // On the right half of a label of the time, which may stand at the edge.
    padding: [8, 24, 0, 0],
    legend: { show: false },
    scales: {
      // Of the data itself: for a single instant uPlot would say a span of years.
      x: { time: true, range: (plot) => frame.range() ?? axisAround(plot.data[0]) },
      y: { range: (_, low, high) => bounds(drawing, low, high) },
    },
    series: [{}, ...pieces.map((piece) => seriesOf(drawing, piece, pieces))],
    bands: bandsOf(drawing, pieces),
    axes: [
      {
        stroke: ink,
        grid: { ...grid, show: false },
        ticks: { stroke: color("--grid"), size: 4 },
        font: FONT,
        size: (_, values) => ((values ?? []).some((value) => value.includes("\n")) ? 36 : 24),
        space: 70,
        values: (_, splits, __, ___, step) => axisLabels(splits, step, frame.zone),
      },
      {
        stroke: ink,
        grid,
        ticks: { show: false },
        font: FONT,
        size: axisWidth,
        gap: 4,
        space: 34,
        values: (_, splits) => yLabels(splits, drawing.unit),
      },
    ],
    cursor: {
      y: false,
      points: { size: 7 },
      drag: { x: true, y: false, setScale: false, dist: 6 },
      sync: { key: crosshair.key, scales: ["x", null], setSeries: false },
    },
    tzDate: (s) =>
      frame.zone === "utc" ? uPlot.tzDate(new Date(s * 1000), "Etc/UTC") : new Date(s * 1000),
    hooks: {
      setCursor: [(plot) => events.onPoint(plot.cursor.idx ?? null)],
      setSelect: [(plot) => zoom(plot, events)],
      draw: [(plot) => mark(plot, drawing.marks ?? [])],
      ready: [(plot) => plot.over.addEventListener("dblclick", () => events.onReset())],
    },
  };
}

/** A dashed line across the plot at each mark that is in its window. */
function mark(plot: uPlot, marks: Mark[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const each of marks) {
    const x = Math.round(plot.valToPos(each.at, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = color(each.color);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function seriesOf(drawing: Drawing, piece: Drawn, pieces: Drawn[]): uPlot.Series {
  const line = drawing.lines[piece.line];
  if (!line || line.kind === "edge")
    return { show: true, stroke: "transparent", width: 0, points: { show: false } };
  const stroke = color(line.color);
  if (line.kind === "bar") return barsOf(drawing, stroke);
  if (line.kind === "dots")
    return {
      stroke,
      width: 0,
      paths: () => null,
      points: { show: true, size: 3.5, fill: stroke, width: 0 },
    };
  return {
    stroke,
    width: line.thin ? 1.25 : 2,
    ...(piece.dashed ? { dash: [3, 3] } : {}),
    spanGaps: false,
    points: {
      show: false,
      filter: (plot) => isolated(whole(plot, piece.line, pieces)),
      size: 5,
      fill: stroke,
    },
  };
}

/** The values of a line as they are drawn now, whatever pieces it is drawn in. */
function whole(plot: uPlot, line: number, pieces: Drawn[]): (number | null)[] {
  const [times, ...all] = plot.data as [number[], ...(number | null)[][]];
  const parts = all.filter((_, at) => pieces[at]?.line === line);
  return times.map((_, at) => parts.find((part) => part[at] != null)?.[at] ?? null);
}

function barsOf(drawing: Drawing, fill: string): uPlot.Series {
  const pale = `color-mix(in srgb, ${fill} 45%, transparent)`;
  const paths = uPlot.paths.bars?.({
    size: [0.86, 48],
    align: 1,
    gap: 0,
    disp: {
      fill: {
        unit: 3,
        values: (plot, _, from, to) =>
          Array.from({ length: to - from + 1 }, (_, at) =>
            drawing.partial && from + at === plot.data[0].length - 1 ? pale : fill,
          ),
      },
    },
  });
  return { fill, width: 0, points: { show: false }, ...(paths ? { paths } : {}) };
}

function bandsOf(drawing: Drawing, pieces: Drawn[]): uPlot.Band[] {
  const place = (line: number) => pieces.findIndex((piece) => piece.line === line) + 1;
  return drawing.bands
    .filter((band) => place(band.upper) && place(band.lower))
    .map((band) => ({
      series: [place(band.upper), place(band.lower)] as [number, number],
      fill: `color-mix(in srgb, ${color(band.color)} 16%, transparent)`,
    }));
}

/** From zero, but where all values lie far from it. */
function bounds(drawing: Drawing, low: number | null, high: number | null): [number, number] {
  if (low === null || high === null || !Number.isFinite(high)) return [0, 1];
  const isDots = drawing.lines.some((line) => line.kind === "dots");
  const far = isDots && low > 0 && high - low < low * 0.5;
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  return [low < 0 || far ? low - room : 0, high + room || 1];
}

/** Numbers, and the unit at the topmost one. */
function yLabels(splits: number[], unit: string): string[] {
  const greatest = Math.max(...splits.map(Math.abs), 0);
  const share = unit === "share";
  const step = share ? { divide: 0.01, unit: "%" } : scaleFor(unit, greatest);
  return splits.map((value, at) => {
    const isShort = step.unit.length <= 1;
    const suffix = isShort || at === splits.length - 1 ? glue(step.unit) + step.unit : "";
    return digits(value / step.divide) + suffix;
  });
}

function axisWidth(_: uPlot, values: string[] | null): number {
  const longest = Math.max(...(values ?? [""]).map((value) => value.length), 0);
  return Math.max(34, Math.ceil(longest * 6.2) + 10);
}

function zoom(plot: uPlot, events: Events): void {
  if (plot.select.width < 6) return;
  const from = plot.posToVal(plot.select.left, "x");
  const to = plot.posToVal(plot.select.left + plot.select.width, "x");
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  events.onZoom(Math.round(from * 1000), Math.round(to * 1000));
}
