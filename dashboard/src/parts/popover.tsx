// A button that opens a small panel; Escape and a click elsewhere close it.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  label: ComponentChildren;
  name: string;
  class?: string;
  children: (close: () => void) => ComponentChildren;
}

export function Popover({ label, name, class: kind = "", children }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  // Before it is painted: what one sees open, the next key closes.
  useLayoutEffect(() => {
    if (!open) return;
    const elsewhere = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    addEventListener("pointerdown", elsewhere);
    addEventListener("focusin", elsewhere);
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("pointerdown", elsewhere);
      removeEventListener("focusin", elsewhere);
      removeEventListener("keydown", onKey);
    };
  }, [open]);
  return (
    <div class={`popover ${kind}`} ref={root}>
      <button
        ref={button}
        type="button"
        aria-expanded={open}
        aria-haspopup="true"
        aria-label={name}
        onClick={() => setOpen(!open)}
      >
        {label}
      </button>
      {open && <div class="panel">{children(() => setOpen(false))}</div>}
    </div>
  );
}
