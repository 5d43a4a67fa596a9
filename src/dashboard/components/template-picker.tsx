import { useId, useRef, useState } from "preact/hooks";
import type { ListedTemplate } from "../../client/api-types.ts";
import { useLoad } from "../load.ts";
import { clientOf } from "../session.ts";

/** Templates that are offered at a time; more are found by typing. */
const OFFERED = 20;
const TYPING_MS = 200;

interface TemplatePickerProps {
  app: string;
  label: string;
  /** The key of the template that is chosen; empty: none. */
  value: string;
  onValue(key: string): void;
}

/** One of the app's templates, found by the beginning of its name or key. (ARIA: a combobox with a list.) */
export function TemplatePicker({ app, label, value, onValue }: TemplatePickerProps) {
  const listId = useId();
  /** What is typed; null: nothing, the chosen one is shown. */
  const [text, setText] = useState<string | null>(null);
  const [search, setSearch] = useState("");
  const [isOpen, setIsOpen] = useState(false);
  const [at, setAt] = useState(0);
  const typing = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const loaded = useLoad(
    async (signal) => (isOpen ? await findTemplates(app, search, signal) : null),
    [app, isOpen, search],
  );
  const offered = isOpen ? (loaded.data?.data ?? []) : [];
  const close = () => {
    clearTimeout(typing.current);
    setIsOpen(false);
    setText(null);
    setSearch("");
    setAt(0);
  };
  const choose = (key: string) => {
    close();
    onValue(key);
  };
  const type = (typed: string) => {
    setText(typed);
    setIsOpen(true);
    setAt(0);
    clearTimeout(typing.current);
    typing.current = setTimeout(() => setSearch(typed.trim()), TYPING_MS);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter") {
      event.preventDefault();
      // What was typed may be a key that no list has any more.
      const chosen = text?.trim() === search ? offered[at]?.key : undefined;
      choose(chosen ?? text?.trim() ?? value);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (isOpen) setAt(Math.max(0, Math.min(offered.length - 1, at + step)));
      else setIsOpen(true);
    }
  };
  return (
    <div class="field picker">
      <label for={`${listId}-input`}>{label}</label>
      <input
        id={`${listId}-input`}
        class="input"
        type="text"
        role="combobox"
        autocomplete="off"
        aria-expanded={isOpen}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={offered[at] === undefined ? undefined : `${listId}-${at}`}
        placeholder="Name or key begins with …"
        value={text ?? value}
        onFocus={() => setIsOpen(true)}
        onBlur={close}
        onInput={({ currentTarget }) => type(currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div id={listId} role="listbox" aria-label={`${label}: those that there are`} hidden={!isOpen}>
        {offered.map(({ key, name, status }, index) => (
          <div
            key={key}
            id={`${listId}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            // Before the field is left, which closes the list.
            onMouseDown={(event) => {
              event.preventDefault();
              choose(key);
            }}
          >
            {name} <span class="mono quiet">{key}</span> {status !== "approved" && <i>{status}</i>}
          </div>
        ))}
      </div>
      <span class="small quiet" role="status">
        {isOpen && describe(loaded.isLoading, offered.length, loaded.data?.nextCursor ?? null)}
      </span>
    </div>
  );
}

async function findTemplates(
  app: string,
  search: string,
  signal: AbortSignal,
): Promise<{ data: readonly ListedTemplate[]; nextCursor: string | null }> {
  const query = { limit: OFFERED, ...(search === "" ? {} : { search }) };
  return clientOf(app).templates.list(query, { signal }).page();
}

function describe(isLoading: boolean, count: number, nextCursor: string | null): string {
  if (isLoading) return "Looking …";
  if (count === 0) return "No template begins so.";
  return nextCursor === null ? `${count} found` : `The newest ${count}: type on for others.`;
}
