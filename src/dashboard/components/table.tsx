import type { ComponentChildren } from "preact";
import type { UrlState } from "../url-state.ts";

export interface Column<Row> {
  title: string;
  /** Numbers stand at the end of their column. */
  isNumber?: boolean;
  cell(row: Row): ComponentChildren;
}

interface TableProps<Row> {
  /** What the table has, for whoever can't see it. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf(row: Row): string;
}

/** A table of one page. Its first column names the row. */
export function Table<Row>({ caption, columns, rows, keyOf }: TableProps<Row>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is to be reached by keys
    <section class="table-frame" tabIndex={0} aria-label={caption}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" class={isNumber ? "end" : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column, index) => (
                <Cell key={column.title} column={column} row={row} isFirst={index === 0} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cell<Row>({ column, row, isFirst }: { column: Column<Row>; row: Row; isFirst: boolean }) {
  const name = column.isNumber ? "end number" : undefined;
  if (!isFirst) return <td class={name}>{column.cell(row)}</td>;
  return (
    <th scope="row" class={name}>
      {column.cell(row)}
    </th>
  );
}

/** Where a list goes on. A page is named by its cursor, so that its address can be shared. */
export function Pager({ url, nextCursor }: { url: UrlState; nextCursor: string | null }) {
  const isFirst = url.get("cursor") === "";
  if (isFirst && nextCursor === null) return null;
  return (
    <nav class="row" aria-label="Pages">
      {!isFirst && (
        <a class="button" href={url.with({})}>
          First page
        </a>
      )}
      {nextCursor !== null && (
        <a class="button" href={url.with({ cursor: nextCursor })} rel="next">
          Next page
        </a>
      )}
    </nav>
  );
}
