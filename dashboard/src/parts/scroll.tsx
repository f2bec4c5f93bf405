// A part of the page that scrolls by itself, also by keyboard.

import type { ComponentChildren } from "preact";

interface Props {
  label: string;
  class?: string;
  children: ComponentChildren;
}

export function Scroll({ label, class: name = "", children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section class={`scroll ${name}`} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
