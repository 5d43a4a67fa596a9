import type { ComponentChildren } from "preact";
import type { Loaded } from "../load.ts";
import { Failure, Loading } from "./feedback.tsx";
import { type Column, Table } from "./table.tsx";

interface WhenLoadedProps<T> {
  loaded: Loaded<T>;
  /** Such as "the notification". */
  what: string;
  /** What went wrong with the buttons in it; null: nothing. */
  problem?: unknown;
  children(data: T): ComponentChildren;
}

/** What was loaded, else that it is being loaded; and what went wrong. */
export function WhenLoaded<T>({ loaded, what, problem = null, children }: WhenLoadedProps<T>) {
  const { data, error, isLoading, reload } = loaded;
  const fault = error ?? problem;
  return (
    <>
      {fault !== null && <Failure error={fault} onRetry={reload} />}
      {data === null && isLoading && <Loading what={what} />}
      {data !== null && children(data)}
    </>
  );
}

interface LoadedTableProps<Row> extends Omit<WhenLoadedProps<{ data: readonly Row[] }>, "children"> {
  caption: string;
  columns: readonly Column<Row>[];
  keyOf(row: Row): string;
  /** Where there is no row: what to do. */
  children: ComponentChildren;
}

/** A page of a list. */
export function LoadedTable<Row>({
  loaded,
  what,
  problem,
  children: nothing,
  ...table
}: LoadedTableProps<Row>) {
  return (
    <WhenLoaded loaded={loaded} what={what} problem={problem}>
      {({ data }) => (data.length === 0 ? nothing : <Table {...table} rows={data} />)}
    </WhenLoaded>
  );
}

/** Loads anew what a page shows. */
export function Refresh({ loaded }: { loaded: Loaded<unknown> }) {
  return (
    <button type="button" class="button" onClick={loaded.reload} disabled={loaded.isLoading}>
      {loaded.isLoading ? "Loading …" : "Refresh"}
    </button>
  );
}
