import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** What was written on a page and isn't kept yet: whoever would lose it is asked first. */

const QUESTION = "What you wrote on this page isn't saved or sent. Leave it?";

interface Editor {
  /** The page's address. */
  href: string;
  /** Parameters of the address without which the editor isn't on the page any more. */
  params: readonly string[];
}

/** Those in which something is written. */
const editors = new Set<Editor>();

/** Says whether something is written here that would be lost. `params`: of the address, that the editor stands for. */
export function useUnsaved(isUnsaved: boolean, params: readonly string[] = []): void {
  const editor = useRef<Editor>({ href: "", params });
  useLayoutEffect(() => {
    editor.current = Object.assign(editor.current, { href: location.href, params });
    if (isUnsaved) editors.add(editor.current);
    else editors.delete(editor.current);
  });
  useEffect(() => () => void editors.delete(editor.current), []);
}

/** False where something would be lost, and whoever is asked keeps it. */
export function mayLeave(): boolean {
  return editors.size === 0 || confirm(QUESTION);
}

/** Asks before a link, the browser's own buttons or a closed window take it away. Once, before pages are drawn. */
export function guardUnsaved(): void {
  addEventListener("beforeunload", (event) => {
    if (editors.size > 0) event.preventDefault();
  });
  // Before the router hears of it.
  addEventListener("click", guardLink, true);
  addEventListener("popstate", guardHistory, true);
}

function guardLink(event: MouseEvent): void {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.composedPath().find((one) => one instanceof HTMLAnchorElement);
  if (link === undefined || link.origin !== location.origin || link.download !== "") return;
  if (!/^(_self)?$/.test(link.target) || !isLost(link.href) || mayLeave()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function guardHistory(event: PopStateEvent): void {
  const [editor] = editors;
  if (editor === undefined || !isLost(location.href) || mayLeave()) return;
  event.stopImmediatePropagation();
  // The browser is there already: the page's own address is put on top of it.
  history.pushState(null, "", editor.href);
}

/** Whether an editor with something in it isn't on the page of that address. */
function isLost(href: string): boolean {
  const to = new URL(href);
  return [...editors].some((editor) => {
    const from = new URL(editor.href);
    const isOther = (name: string) => from.searchParams.get(name) !== to.searchParams.get(name);
    return from.pathname !== to.pathname || editor.params.some(isOther);
  });
}
