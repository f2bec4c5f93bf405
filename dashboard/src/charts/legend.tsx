// Names and colours of a chart's lines: click hides one, Alt-click shows it alone.

import type { Drawing } from "./lines";

interface Props {
  drawing: Drawing;
  hidden: ReadonlySet<string>;
  onHide: (hidden: ReadonlySet<string>) => void;
}

export function Legend({ drawing, hidden, onHide }: Props) {
  const lines = drawing.lines.filter((line) => line.kind !== "edge");
  const names = lines.map((line) => line.name);
  if (names.length < 2) return null;
  const click = (name: string, alone: boolean) => {
    const others = names.filter((each) => each !== name);
    const isAlone = others.every((each) => hidden.has(each)) && !hidden.has(name);
    if (alone) onHide(new Set(isAlone ? [] : others));
    else
      onHide(
        new Set(hidden.has(name) ? [...hidden].filter((each) => each !== name) : [...hidden, name]),
      );
  };
  return (
    <ul class="legend">
      {lines.map((line) => (
        <li key={line.name}>
          <button
            type="button"
            aria-pressed={!hidden.has(line.name)}
            title={`${line.name}\nClick hides or shows, Alt-click shows it alone`}
            onClick={(event) => click(line.name, event.altKey)}
          >
            <i class="swatch" style={{ background: `var(${line.color})` }} />
            <span>{line.name}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
