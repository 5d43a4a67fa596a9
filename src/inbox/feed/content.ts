import { type FeedItem, type Fields, isFields, textOf } from "./item.ts";
import { toLink } from "./links.ts";

/** Something that a person can do with an item. */
export interface FeedAction {
  label: string;
  /** What its author called it: `web`, `custom`, `openUrl` …; empty for a mere link. */
  type: string;
  /** Its link as it was written, or whatever else it carries. */
  data: unknown;
  /** The http or https link that it opens; null: the page is told by an event, and nothing else happens. */
  url: string | null;
}

/** What of any content is shown: text, never markup. */
export interface ShownContent {
  title: string;
  body: string;
  image: { url: string; alt: string } | null;
  /** What the item as a whole does; its label is empty. */
  action: FeedAction | null;
  buttons: FeedAction[];
}

/** Buttons of an item; pieces of a card that are looked at, and how deep. */
const MAX_BUTTONS = 4;
const MAX_PIECES = 300;
const MAX_DEPTH = 12;

/** Title, body, image and actions of a template's content, whatever form it has. Pure. */
export function readContent(
  { content, title }: Pick<FeedItem, "content" | "title">,
  base: string,
): ShownContent {
  const shown = isFields(content) ? readFields(content, base) : readText(content);
  if (shown.title !== "") return shown;
  if (title !== null && title !== "") return { ...shown, title };
  // Who sees an item wants a line to click on: the first of its body.
  const [first = "", ...rest] = shown.body.split("\n");
  return { ...shown, title: first, body: rest.join("\n").trim() };
}

function readText(content: unknown): ShownContent {
  return { title: "", body: textOf(content), image: null, action: null, buttons: [] };
}

function readFields(content: Fields, base: string): ShownContent {
  const card = findCard(content);
  const own = card === null || isFields(content.ui_template) ? content : {};
  const pieces = card === null ? null : readCard(card, base);
  const body = firstText(own, ["body", "text", "message", "description", "fallbackText"]);
  return {
    title: firstText(own, ["title", "heading", "subject"]) || (pieces?.title ?? ""),
    body: body || (pieces?.body ?? ""),
    image: readImage(own.image ?? own.imageUrl, textOf(own.imageAlt), base) ?? pieces?.image ?? null,
    action: readAction(own.action ?? own.link ?? own.url, "", base),
    buttons: pieces?.buttons.length ? pieces.buttons : readButtons(own.buttons ?? own.actions, base),
  };
}

/** The pieces of CometChat's Card JSON (`body`), or of Sendbird's `ui_template` (`body.items`). */
function findCard(content: Fields): { pieces: unknown[]; fallback: string } | null {
  const template = isFields(content.ui_template) ? content.ui_template : content;
  if (Array.isArray(template.body)) return { pieces: template.body, fallback: textOf(content.fallbackText) };
  const { body } = template;
  return isFields(body) && Array.isArray(body.items) ? { pieces: body.items, fallback: "" } : null;
}

/** Their plain elements in their order: the first text is the title, the others are the body. */
function readCard({ pieces, fallback }: { pieces: unknown[]; fallback: string }, base: string): ShownContent {
  const found: ShownContent = { title: "", body: "", image: null, action: null, buttons: [] };
  const texts: string[] = [];
  let left = MAX_PIECES;
  const look = (piece: unknown, depth: number): void => {
    if (Array.isArray(piece)) {
      for (const one of piece) look(one, depth);
      return;
    }
    if (!isFields(piece) || depth > MAX_DEPTH || left-- <= 0) return;
    const type = textOf(piece.type).toLowerCase();
    const label = firstText(piece, ["text", "label", "title"]);
    if (/button|^link$/.test(type)) {
      const button = readAction(piece.action ?? piece.url, label, base);
      if (button !== null && label !== "" && found.buttons.length < MAX_BUTTONS) found.buttons.push(button);
    } else if (type === "image") {
      found.image ??= readImage(piece.imageUrl ?? piece.url, firstText(piece, ["altText", "alt"]), base);
    } else if (/^(text|markdown|heading|badge|chip|codeblock)$/.test(type)) {
      const text = firstText(piece, ["text", "content", "label"]);
      if (text !== "") texts.push(text);
    }
    for (const inner of [piece.items, piece.body, piece.children, piece.columns, piece.tabs, piece.content]) {
      if (Array.isArray(inner)) look(inner, depth + 1);
    }
  };
  look(pieces, 0);
  if (texts.length === 0 && fallback !== "") texts.push(fallback);
  return { ...found, title: texts[0] ?? "", body: texts.slice(1).join("\n") };
}

function firstText(fields: Fields, names: readonly string[]): string {
  for (const name of names) {
    const text = textOf(fields[name]).trim();
    if (text !== "") return text;
  }
  return "";
}

function readImage(value: unknown, alt: string, base: string): ShownContent["image"] {
  const fields = isFields(value) ? value : { url: value };
  const url = toLink(fields.url, base);
  return url === null ? null : { url, alt: firstText(fields, ["alt", "altText"]) || alt };
}

function readAction(value: unknown, label: string, base: string): FeedAction | null {
  if (typeof value === "string" && value !== "") {
    return { label, type: "", data: value, url: toLink(value, base) };
  }
  if (!isFields(value)) return null;
  const data = value.data ?? value.url ?? value.href ?? value;
  const type = textOf(value.type);
  // What its author calls custom goes to the page, whatever it looks like.
  return { label, type, data, url: type === "custom" ? null : toLink(data, base) };
}

function readButtons(value: unknown, base: string): FeedAction[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, MAX_BUTTONS)
    .filter(isFields)
    .map((button) => {
      const label = firstText(button, ["label", "text", "title"]);
      return label === ""
        ? null
        : readAction(button.action ?? button.url ?? button.link ?? button.data, label, base);
    })
    .filter((button) => button !== null);
}
