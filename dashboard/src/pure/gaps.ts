// Readings over time, with gaps where there was none.

export interface Readings {
  /** Seconds since the epoch, ascending. */
  times: number[];
  values: (number | null)[];
}

/** The same readings, and one without a value wherever there was none for longer than that. */
export function withGaps({ times, values }: Readings, longestS: number): Readings {
  const found: Readings = { times: [], values: [] };
  times.forEach((time, at) => {
    const before = times[at - 1] ?? time;
    if (time - before > longestS) {
      found.times.push((before + time) / 2);
      found.values.push(null);
    }
    found.times.push(time);
    found.values.push(values[at] ?? null);
  });
  return found;
}
