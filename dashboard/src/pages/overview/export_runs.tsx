// All raw runs of the window as CSV. A file too large for an answer is elsewhere, where the page may
// not call; the request that leads there is told instead.

import { useState } from "preact/hooks";
import { Dialog } from "../../parts/dialog";
import { Command } from "../../parts/notes";
import { saveText } from "../../parts/take_away";
import { commandOf } from "../../pure/commands";
import { curlOf } from "../../pure/curl";
import { pathWith, type Query } from "../../pure/request";
import { session } from "../../session";

export function ExportRuns({ asked }: { asked: Query }) {
  const [state, setState] = useState<"idle" | "busy" | "large" | "failed">("idle");
  const path = pathWith("/usage/export.csv", asked);
  const save = async () => {
    setState("busy");
    const headers = { "X-User-Token": session.get().token ?? "" };
    try {
      const answer = await fetch(path, { headers, redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect") return setState("large");
      if (!answer.ok) return setState("failed");
      saveText(nameOf(answer), await answer.text(), "text/csv;charset=utf-8");
      return setState("idle");
    } catch {
      return setState("failed");
    }
  };
  return (
    <>
      <button type="button" class="quiet" disabled={state === "busy"} onClick={save}>
        {state === "busy"
          ? "Writing…"
          : state === "failed"
            ? "Export failed; again?"
            : "All runs as CSV"}
      </button>
      {state === "large" && (
        <Dialog title="A large file" onClose={() => setState("idle")}>
          <p>There are more runs than one answer can hold. This fetches all of them:</p>
          <Command text={`${curlOf(location.origin, path)} -L -o runs.csv`} />
          <p class="note">Or, by the command evalyard:</p>
          <Command text={commandOf(path) ?? ""} />
        </Dialog>
      )}
    </>
  );
}

function nameOf(answer: Response): string {
  const told = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "");
  return told?.[1] ?? "evalyard-runs.csv";
}
