// What a chart draws: lines over time, bands between them, or bars upon one another.

export interface Line {
  name: string;
  values: (number | null)[];
  /** A custom property of the style sheet. */
  color: string;
  /** What is drawn: a line, dots, one bar of a stack, or nothing (an edge of the band). */
  kind: "line" | "dots" | "bar" | "edge";
  thin?: boolean;
}

/** Filled between two lines of the chart, by index. */
export interface Band {
  upper: number;
  lower: number;
  color: string;
}

export interface Drawing {
  /** Seconds since the epoch, ascending. */
  times: number[];
  lines: Line[];
  bands: Band[];
  unit: string;
  /** Whether the last bucket is not over yet. */
  partial: boolean;
  /** Seconds per bucket; 0 where points are no buckets. */
  step: number;
  /** Instants where something changed, in seconds. */
  marks?: Mark[];
}

export interface Mark {
  at: number;
  /** A custom property of the style sheet. */
  color: string;
}

type Column = (number | null)[];

/** The columns of a plot: the times, then each piece's values. */
export function columns(drawing: Drawing, pieces: Drawn[]): [number[], ...Column[]] {
  return [drawing.times, ...pieces.map((piece) => piece.values)];
}

/** One series as drawn: `line` is its place in `lines`. */
export interface Drawn {
  line: number;
  values: Column;
  dashed: boolean;
}

/**
 * What is really drawn, for lines that are not hidden: bars stand on the ones below them, the
 * topmost first so that each covers the next; a bucket that is not over is a dashed piece.
 */
export function drawn(drawing: Drawing, hidden: ReadonlySet<string>): Drawn[] {
  const visible = drawing.lines
    .map((line, index) => ({ line, index }))
    .filter(({ line }) => !hidden.has(line.name));
  const bars = stacked(visible.filter(({ line }) => line.kind === "bar"));
  const others = visible.filter(({ line }) => line.kind !== "bar");
  const rest = others.flatMap(({ line, index }) => {
    const cut = drawing.partial && line.kind === "line" && drawing.times.length > 1;
    if (!cut) return [{ line: index, values: line.values, dashed: false }];
    const last = line.values.length - 1;
    const whole = line.values.map((value, at) => (at === last ? null : value));
    const open = line.values.map((value, at) => (at >= last - 1 ? value : null));
    return [
      { line: index, values: whole, dashed: false },
      { line: index, values: open, dashed: true },
    ];
  });
  return [...bars, ...rest];
}

function stacked(bars: { line: Line; index: number }[]): Drawn[] {
  let below: Column | null = null;
  const sums = bars.map(({ line, index }) => {
    const values: Column = line.values.map((value, at) => (value ?? 0) + (below?.[at] ?? 0));
    below = values;
    return { line: index, values, dashed: false };
  });
  return sums.reverse();
}

/** Places of the values that no line reaches: with nothing on either side, only a dot shows them. */
export function isolated(values: Column): number[] {
  const places = values.map((value, at) => {
    const isAlone = value !== null && values[at - 1] == null && values[at + 1] == null;
    return isAlone ? at : null;
  });
  return places.filter((at) => at !== null);
}

const ROOM_S = 60;

/** Edges of an axis that follows the data, ascending; a little room where there is one instant. */
export function axisAround(times: ArrayLike<number>): [number, number] {
  const low = times[0];
  const high = times[times.length - 1];
  if (low === undefined || high === undefined) return [0, 1];
  return low === high ? [low - ROOM_S, high + ROOM_S] : [low, high];
}
