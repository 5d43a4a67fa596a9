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
  /** Only such are offered; default: all. */
  status?: ListedTemplate["status"];
  /** The key of the template that is chosen; empty: none. */
  value: string;
  onValue(key: string): void;
}

/** One of the app's templates, found by the beginning of its name or key. (ARIA: a combobox with a list.) */
export function TemplatePicker({ app, label, status, value, onValue }: TemplatePickerProps) {
  const listId = useId();
  const { text, isOpen, at, offered, hint, open, close, choose, type, press } = usePicker({
    app,
    status,
    onValue,
  });
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
        onFocus={open}
        onBlur={close}
        onInput={({ currentTarget }) => type(currentTarget.value)}
        onKeyDown={press}
      />
      <div id={listId} role="listbox" aria-label={`${label}: those that there are`} hidden={!isOpen}>
        {offered.map((template, index) => (
          <Offer
            key={template.key}
            id={`${listId}-${index}`}
            template={template}
            isAt={index === at}
            onChosen={choose}
          />
        ))}
      </div>
      <span class="small quiet" role="status">
        {hint}
      </span>
    </div>
  );
}

interface OfferProps {
  id: string;
  template: ListedTemplate;
  isAt: boolean;
  onChosen(key: string): void;
}

function Offer({ id, template: { key, name, status }, isAt, onChosen }: OfferProps) {
  return (
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isAt}
      // Before the field is left, which closes the list.
      onMouseDown={(event) => {
        event.preventDefault();
        onChosen(key);
      }}
    >
      {name} <span class="mono quiet">{key}</span> {status !== "approved" && <i>{status}</i>}
    </div>
  );
}

/** What is typed, what is offered for it, and which of these the keys are at. */
function usePicker({ app, status, onValue }: Pick<TemplatePickerProps, "app" | "status" | "onValue">) {
  /** Null: nothing is typed, the chosen one is shown. */
  const [text, setText] = useState<string | null>(null);
  const [search, setSearch] = useState("");
  const [isOpen, setIsOpen] = useState(false);
  const [at, setAt] = useState(0);
  const typing = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const loaded = useLoad(
    async (signal) => (isOpen ? await findTemplates(app, { search, status }, signal) : null),
    [app, status, isOpen, search],
  );
  const offered = isOpen ? (loaded.data?.data ?? []) : [];
  const open = () => setIsOpen(true);
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
  const take = () => {
    // What was typed may be a key that no list has any more.
    const isAnswered = (text ?? "").trim() === search && !loaded.isLoading;
    const chosen = isAnswered ? offered[at]?.key : undefined;
    if (chosen !== undefined || text !== null) choose(chosen ?? (text ?? "").trim());
  };
  const move = (step: number) => (isOpen ? setAt(placeIn(offered, at + step)) : open());
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter") take();
    else if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else return;
    event.preventDefault();
  };
  const hint = isOpen ? describe(loaded.isLoading, offered.length, loaded.data?.nextCursor ?? null) : "";
  return { text, isOpen, at, offered, hint, open, close, choose, type, press };
}

/** The nearest place that there is. */
function placeIn(list: readonly unknown[], place: number): number {
  return Math.max(0, Math.min(list.length - 1, place));
}

async function findTemplates(
  app: string,
  { search, status }: { search: string; status: TemplatePickerProps["status"] },
  signal: AbortSignal,
): Promise<{ data: readonly ListedTemplate[]; nextCursor: string | null }> {
  const query = { limit: OFFERED, status, ...(search === "" ? {} : { search }) };
  return clientOf(app).templates.list(query, { signal }).page();
}

function describe(isLoading: boolean, count: number, nextCursor: string | null): string {
  if (isLoading) return "Looking …";
  if (count === 0) return "No template begins so.";
  return nextCursor === null ? `${count} found` : `The newest ${count}: type on for others.`;
}
