// Dark, light, or as the system has it.

import { signal } from "./signal";

export type Theme = "system" | "light" | "dark";
const KEY = "evalyard.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

export const theme = signal<Theme>(stored());
/** Counts changes of what is drawn, so that charts take the new colours. */
export const painted = signal(0);

apply();
dark.addEventListener("change", apply);

export function nextTheme(): void {
  const order: Theme[] = ["system", "light", "dark"];
  const next = order[(order.indexOf(theme.get()) + 1) % order.length] as Theme;
  localStorage.setItem(KEY, next);
  theme.set(next);
  apply();
}

function stored(): Theme {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
}

function apply(): void {
  const isDark = theme.get() === "dark" || (theme.get() === "system" && dark.matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  painted.set(painted.get() + 1);
}

/** A colour of the style sheet, for drawing. */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
