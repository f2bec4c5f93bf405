// Whether the page is dark or light.

/** Where the browser keeps what was chosen. */
export const THEME_KEY = "evalyard.theme";

export type Theme = "system" | "light" | "dark";

/** What was kept; the system's, where that is nothing or something else. */
export function themeIn(kept: string | null): Theme {
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function shade(kept: string | null, systemIsDark: boolean): "light" | "dark" {
  const theme = themeIn(kept);
  if (theme !== "system") return theme;
  return systemIsDark ? "dark" : "light";
}
