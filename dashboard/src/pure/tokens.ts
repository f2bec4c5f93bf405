// Tokens of many runs together.

interface Counted {
  total_tokens: number;
}

/**
 * Prompt and completion tokens of the runs that say how many. A sum of 0 is of runs that do not say, as
 * no prompt is empty: null.
 */
export function tokensOf({ total_tokens }: Counted): number | null {
  return total_tokens || null;
}
