// A table: rows under headings, in a part of the page that scrolls by itself, also by keyboard.

import type { ComponentChildren } from "preact";

/** What a row or cell has beyond its text: a tooltip, a value to read, a class of its own. */
export interface Attributes {
  class?: string | undefined;
  title?: string | undefined;
  [data: `data-${string}`]: string | number | boolean | null | undefined;
}

export interface Column<Row> {
  /** Its heading, and what names the cell where a phone stacks the cells of a row. */
  name: string;
  /** Tells columns of one name apart. */
  id?: string;
  /** No component: hooks belong into what it returns. */
  cell: (row: Row, at: number) => ComponentChildren;
  /** What each of its cells has. */
  class?: string;
  /** What one cell has. */
  about?: (row: Row) => Attributes;
  /** Whether its cells are the headings of their rows. */
  isHeading?: boolean;
  /** Whether it is text among numbers. */
  isText?: boolean;
  /** Whether the heading is for screen readers only. */
  isHidden?: boolean;
  /** Its cells on a phone have no name, and take up one column, most of the width or all of it. */
  phone?: "bare" | "most" | "whole";
}

interface Props<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row, at: number) => string;
  /** What a row has. */
  about?: (row: Row) => Attributes;
  /** The last line, which sums up the others. */
  foot?: Row;
  /** What stands there instead of no rows; without it, the headings do. */
  empty?: string;
  /** Of the part that scrolls. */
  class?: string;
  /** Whether what is not a heading is a number, unless its column says otherwise. */
  isNumbers?: boolean;
  /** Whether a phone shows each row as a card of named cells. */
  isStack?: boolean;
  /** What scrolls along under the rows. */
  children?: ComponentChildren;
}

export function Table<Row>(props: Props<Row>) {
  const { columns, rows, keyOf, about, foot, isStack = false } = props;
  if (rows.length === 0 && props.empty) return <p class="note">{props.empty}</p>;
  const cells = (row: Row, at: number) =>
    columns.map((column) => {
      const own = attributesOf(column, row, isStack);
      const content = column.cell(row, at);
      return column.isHeading ? (
        <th key={identity(column)} scope="row" {...own}>
          {content}
        </th>
      ) : (
        <td key={identity(column)} {...own}>
          {content}
        </td>
      );
    });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section class={classes("scroll", props.class)} tabIndex={0} aria-label={props.label}>
      <table class={classes(props.isNumbers && "numbers", isStack && "stack")}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={identity(column)} scope="col" class={classes(column.isText && "text")}>
                {column.isHidden ? <span class="hidden">{column.name}</span> : column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={keyOf(row, at)} {...about?.(row)}>
              {cells(row, at)}
            </tr>
          ))}
        </tbody>
        {foot && (
          <tfoot>
            <tr {...about?.(foot)}>{cells(foot, rows.length)}</tr>
          </tfoot>
        )}
      </table>
      {props.children}
    </section>
  );
}

/** What a cell has; in a stack also its name and place there. */
export function attributesOf<Row>(column: Column<Row>, row: Row, isStack: boolean): Attributes {
  const { class: own, ...others } = column.about?.(row) ?? {};
  const place = isStack && column.phone !== "bare" && column.phone;
  const isNamed = isStack && !column.isHeading && !column.phone;
  return {
    ...others,
    class: classes(column.class, own, column.isText && "text", place),
    ...(isNamed && { "data-label": column.name }),
  };
}

function identity<Row>(column: Column<Row>): string {
  return column.id ?? column.name;
}

function classes(...names: (string | false | undefined)[]): string | undefined {
  return names.filter(Boolean).join(" ") || undefined;
}
