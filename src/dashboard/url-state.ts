import { useLocation } from "preact-iso";

/** What a page is told by its address: filters, and where a list is. */
export interface UrlState {
  /** The value of a parameter; empty where it has none. */
  get(name: string): string;
  /** The address with other values; an empty one takes the parameter away. A list begins anew, at its first page. */
  with(changes: Readonly<Record<string, string>>): string;
  /** Goes there. `isSmall`: the address of before isn't one to go back to. */
  set(changes: Readonly<Record<string, string>>, isSmall?: boolean): void;
  /** The parameters that are set, of these. */
  only(names: readonly string[]): Record<string, string>;
}

/** The page's state that somebody would share stands in its address. */
export function useUrlState(): UrlState {
  const { path, query, route } = useLocation();
  const withChanges = (changes: Readonly<Record<string, string>>): string => {
    const { cursor, ...kept } = query;
    const search = new URLSearchParams({ ...kept, ...changes });
    for (const [name, value] of [...search]) if (value === "") search.delete(name);
    const text = search.toString();
    return text === "" ? path : `${path}?${text}`;
  };
  return {
    get: (name) => query[name] ?? "",
    with: withChanges,
    set: (changes, isSmall = false) => route(withChanges(changes), isSmall),
    only: (names) =>
      Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name] ?? ""]] : []))),
  };
}
