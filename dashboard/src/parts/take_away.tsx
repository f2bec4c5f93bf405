// What one can take from a chart or table: its data, as CSV, as the request that gives it, as
// curl or as the command, a link.

import { useState } from "preact/hooks";
import { commandOf } from "../pure/commands";
import { type Cell, toCsv } from "../pure/csv";
import { curlOf } from "../pure/curl";
import { pinned } from "../pure/pinning";
import { currentRoute } from "../router";
import { Copy } from "./copy";

interface Props {
  path: string;
  file: string;
  isTable?: boolean;
  onTable?: () => void;
  table: () => { header: string[]; rows: Cell[][] };
  /** The address that shows the same tomorrow, where the request alone does not say. */
  address?: () => string;
}

export function TakeAway({ path, file, isTable, onTable, table, address }: Props) {
  const [open, setOpen] = useState(false);
  const command = commandOf(path);
  const download = () => {
    const { header, rows } = table();
    saveText(`${file}.csv`, toCsv(header, rows), "text/csv;charset=utf-8");
  };
  return (
    <span class="takeaway" data-open={open}>
      <button
        type="button"
        class="quiet more"
        aria-expanded={open}
        aria-label="Take away"
        onClick={() => setOpen(!open)}
      >
        ⋯
      </button>
      <span class="choices">
        {onTable && (
          <button type="button" class="quiet" aria-pressed={isTable} onClick={onTable}>
            {isTable ? "Chart" : "Data"}
          </button>
        )}
        <button type="button" class="quiet" onClick={download}>
          CSV
        </button>
        <Copy
          text={() => curlOf(location.origin, path)}
          label="curl"
          title="Copy the request as curl"
        />
        {command && (
          <Copy text={() => command} label="command" title="Copy the command evalyard for it" />
        )}
        <Copy
          text={address ?? (() => new URL(pinned(currentRoute(), path), location.href).href)}
          label="Link"
          title="Copy the address of this view, with this window"
        />
      </span>
    </span>
  );
}

export function saveText(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
