// What stands where there is nothing yet, where something went wrong, or is on its way.

import type { ComponentChildren } from "preact";
import type { Problem } from "../api";
import { commandOf, type Request } from "../pure/commands";
import { curlOf } from "../pure/curl";
import { mayPass } from "../pure/passing";
import { Copy } from "./copy";

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <section class="empty">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

interface TroubleProps {
  problem: Problem;
  what: string;
  /** Asks once more; offered where the answer may be another one then. */
  onAgain?: () => void;
}

export function Trouble({ problem, what, onAgain }: TroubleProps) {
  return (
    <div class="trouble" role="alert">
      <strong>{what}</strong> {problem.message}
      {problem.allowed.length > 0 && <> Possible: {problem.allowed.join(", ")}.</>}
      {problem.errors.length > 0 && (
        <ul>
          {problem.errors.slice(0, 10).map((fault) => (
            <li key={fault.pointer + fault.code}>
              <code>{fault.pointer}</code> {fault.detail}
            </li>
          ))}
        </ul>
      )}
      <span class="note">
        {" "}
        {problem.code}
        {problem.requestId && ` · request ${problem.requestId}`}
      </span>
      {onAgain && mayPass(problem.status) && (
        <p>
          <button type="button" onClick={onAgain}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

export function Skeleton({ height }: { height: number }) {
  return <div class="skeleton" style={{ height: `${height}px` }} aria-hidden="true" />;
}

/** A command to paste, with a button that copies it. */
export function Command({ text }: { text: string }) {
  return (
    <div class="command">
      <pre>{text}</pre>
      <Copy text={() => text} label="Copy" />
    </div>
  );
}

/** A request to paste: as curl, and as the command where it has one. */
export function ShownRequest({ path, body }: Request) {
  const command = commandOf(path, body);
  return (
    <>
      <Command text={curlOf(location.origin, path, body)} />
      {command && (
        <>
          <p class="note">Or, by the command evalyard:</p>
          <Command text={command} />
        </>
      )}
    </>
  );
}

/** A text of any length, in a part of the page that scrolls by itself, also by keyboard. */
export function LongText({ label, children, ...data }: LongTextProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    // biome-ignore lint/a11y/useSemanticElements: the text keeps its lines and spaces.
    <pre class="text" role="region" tabIndex={0} aria-label={label} {...data}>
      {children}
    </pre>
  );
}

interface LongTextProps {
  label: string;
  children: ComponentChildren;
  [data: `data-${string}`]: boolean;
  "aria-busy"?: boolean;
}
