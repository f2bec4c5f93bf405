// What stands where there is nothing yet, where something went wrong, or is on its way.

import type { ComponentChildren } from "preact";
import type { Problem } from "../api";
import { Copy } from "./copy";

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <section class="empty">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export function Trouble({ problem, what }: { problem: Problem; what: string }) {
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
