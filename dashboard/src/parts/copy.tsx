// A button that copies a text and says that it did.

import { useState } from "preact/hooks";

interface Props {
  text: () => string | Promise<string>;
  label: string;
  title?: string;
  class?: string;
}

export function Copy({ text, label, title, class: name = "quiet" }: Props) {
  const [said, setSaid] = useState<string | null>(null);
  const copy = async () => {
    setSaid((await copied(text)) ? "Copied" : "Press Ctrl-C");
    setTimeout(() => setSaid(null), 1_500);
  };
  return (
    <button type="button" class={name} title={title} onClick={copy} aria-live="polite">
      {said ?? label}
    </button>
  );
}

async function copied(text: Props["text"]): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(await text());
    return true;
  } catch {
    return false;
  }
}
