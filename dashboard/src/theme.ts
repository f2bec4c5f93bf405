// Dark, light, or as the system has it.

import { shade, THEME_KEY, type Theme, themeIn } from "./pure/shade";
import { signal } from "./signal";

const dark = matchMedia("(prefers-color-scheme: dark)");

export const theme = signal<Theme>(themeIn(localStorage.getItem(THEME_KEY)));
/** Counts changes of what is drawn, so that charts take the new colours. */
export const painted = signal(0);

apply();
dark.addEventListener("change", apply);
// Paper is light: ink for a dark screen would not be seen on it.
addEventListener("beforeprint", () => paint("light"));
addEventListener("afterprint", apply);

export function nextTheme(): void {
  const order: Theme[] = ["system", "light", "dark"];
  const next = order[(order.indexOf(theme.get()) + 1) % order.length] as Theme;
  localStorage.setItem(THEME_KEY, next);
  theme.set(next);
  apply();
}

function apply(): void {
  paint(shade(theme.get(), dark.matches));
}

function paint(colours: "light" | "dark"): void {
  document.documentElement.dataset.theme = colours;
  painted.set(painted.get() + 1);
}

/** A colour of the style sheet, for drawing. */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
