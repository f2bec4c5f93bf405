// Names that no two things have.

/** 128 bits at random. Unlike `crypto.randomUUID` also on pages that come by plain HTTP. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
