// Troubles that pass: asking once more may bring another answer.

/** Of a status; 0 is no answer at all. */
export function mayPass(status: number): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}
