// How a metric came about, in words: as the runner says, or that it does not say.

/**
 * What a runner says of one metric; the API passes on whatever a device said. A value without a
 * word about it was measured all the same.
 */
export function how(said: unknown, value: number | null | undefined): string {
  const text = typeof said === "string" ? said : inWords(said);
  if (text) return text;
  return value === null || value === undefined ? "not measured" : "reported by the device";
}

/** Of how many repetitions the figures of a result are; nothing where there was one. */
export function repetitionsOf(samples: { left_out?: unknown }[]): string {
  const all = samples.length;
  const left = samples.filter((sample) => sample.left_out).length;
  if (all < 2) return "";
  return left ? `of ${all - left} of ${all} repetitions` : `of ${all} repetitions`;
}

function inWords(said: unknown): string {
  const { kind, source, clock, when, why, over } = Object(said) as Record<string, unknown>;
  const what = [kind, source].filter(Boolean).map((each) => String(each).replaceAll("_", " "));
  const whose = clock ? `, ${clock}'s clock` : "";
  const notes = [when, why, over && `over ${over}`].filter(Boolean).join("; ");
  return what.length ? `${what.join(": ")}${whose}${notes ? ` (${notes})` : ""}` : "";
}
