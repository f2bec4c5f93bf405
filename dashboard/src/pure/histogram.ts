// Two samples in the same bins, so that their shapes can be compared.

export interface Bins {
  /** One more than there are bins. */
  edges: number[];
  a: number[];
  b: number[];
}

/** Shares per bin; the range ends at the 99.5th percentile, the last bin holds what lies above. */
export function histogram(a: number[], b: number[], count = 28): Bins | null {
  const all = [...a, ...b].sort((x, y) => x - y);
  const low = all[0];
  if (low === undefined) return null;
  const high = all[Math.min(all.length - 1, Math.floor(all.length * 0.995))] as number;
  const width = (high - low) / count || Math.abs(low) / count || 1;
  const edges = Array.from({ length: count + 1 }, (_, at) => low + at * width);
  return { edges, a: shares(a, low, width, count), b: shares(b, low, width, count) };
}

function shares(values: number[], low: number, width: number, count: number): number[] {
  const bins = new Array<number>(count).fill(0);
  for (const value of values) {
    const at = Math.min(count - 1, Math.floor((value - low) / width));
    bins[at] = (bins[at] as number) + 1 / values.length;
  }
  return bins;
}
