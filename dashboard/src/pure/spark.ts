// The path of a spark line in its box: stretches of neighbours as lines, single values as dots.

import { isolated } from "../charts/lines";

export const WIDTH = 120;
export const HEIGHT = 26;

/** As SVG path data; a dot is a line of no length, which round caps make visible. */
export function sparkPath(values: (number | null)[]): { line: string; dots: string } {
  const known = values.filter((value) => value !== null);
  const low = Math.min(0, ...known);
  const high = Math.max(0, ...known);
  const place = (value: number, at: number) => {
    const x = (at / Math.max(1, values.length - 1)) * (WIDTH - 4) + 2;
    const y = HEIGHT - 3 - ((value - low) / (high - low || 1)) * (HEIGHT - 6);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  };
  const alone = new Set(isolated(values));
  let line = "";
  let dots = "";
  let pen = "M";
  values.forEach((value, at) => {
    if (value === null) pen = "M";
    else if (alone.has(at)) dots += `M${place(value, at)}h0`;
    else {
      line += pen + place(value, at);
      pen = "L";
    }
  });
  return { line, dots };
}
