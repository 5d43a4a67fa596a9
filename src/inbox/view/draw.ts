/**
 * What draws the inbox: elements described by JSX, and a page that is made like the description. No state and no life
 * cycle: a component is a function that is called. (Preact would be a third of all that a page loads:
 * docs/decisions/2026-11-26-an-inbox-draws-itself.md.)
 */

type Handler<Kind extends Event> = (event: Kind & { currentTarget: HTMLElement }) => void;

/** Attributes as they stand in HTML, and listeners. Of false, null and undefined there is none. */
interface Attributes {
  children?: unknown;
  onclick?: Handler<MouseEvent>;
  onkeydown?: Handler<KeyboardEvent>;
  onscroll?: Handler<Event>;
  onslotchange?: Handler<Event>;
  onerror?: Handler<Event>;
  onfocus?: Handler<FocusEvent>;
  onpointerenter?: Handler<PointerEvent>;
  onbeforetoggle?: Handler<Event>;
  ontoggle?: Handler<Event>;
  [attribute: string]: unknown;
}

export interface VNode {
  tag: string;
  attributes: Attributes;
  children: (VNode | string)[];
  /** Tells elements of one tag apart, where they may move. */
  key: unknown;
}

export type Drawn = VNode | string | number | boolean | null | undefined | readonly Drawn[];

export declare namespace JSX {
  type Element = Drawn;
  type IntrinsicElements = Record<string, Attributes>;
  interface IntrinsicAttributes {
    key?: string | number;
  }
}

/** What JSX is compiled to. */
export function jsx(
  type: string | ((attributes: Attributes) => Drawn),
  { children, ...attributes }: { children?: Drawn } & Attributes,
  key?: unknown,
): Drawn {
  if (typeof type === "string") return { tag: type, attributes, children: flatten([children]), key };
  const drawn = type === Fragment ? children : type(attributes);
  // A component's place is known by the key that it was given.
  return key !== undefined && isElement(drawn) ? { ...drawn, key } : drawn;
}

export { jsx as jsxs };

export function Fragment(): Drawn {
  return null;
}

/** What an element was last drawn as. */
const drawnAs = new WeakMap<Node, VNode>();

/** Makes the children of a node as they are described, and keeps what is the same. */
export function draw(drawn: Drawn, parent: ParentNode & Node): void {
  drawChildren(parent, flatten([drawn]), "");
}

function drawChildren(parent: Node, children: readonly (VNode | string)[], inherited: string): void {
  const there = new Map<unknown, ChildNode[]>();
  for (const node of parent.childNodes) {
    const place = placeOf(drawnAs.get(node) ?? "");
    there.set(place, [...(there.get(place) ?? []), node]);
  }
  const kept = children.map((child) => there.get(placeOf(child))?.shift());
  for (const node of [...there.values()].flat()) node.remove();
  let next = parent.firstChild;
  for (const [index, child] of children.entries()) {
    const node = drawNode(kept[index], child, inherited);
    if (node === next) next = next.nextSibling;
    else parent.insertBefore(node, next);
  }
}

function drawNode(kept: ChildNode | undefined, child: VNode | string, inherited: string): ChildNode {
  if (typeof child === "string") {
    const text = kept ?? document.createTextNode(child);
    if (text.nodeValue !== child) text.nodeValue = child;
    return text;
  }
  const namespace = child.tag === "svg" ? "http://www.w3.org/2000/svg" : inherited;
  const made = kept instanceof Element ? kept : makeElement(child.tag, namespace);
  drawAttributes(made, drawnAs.get(made)?.attributes ?? {}, child.attributes);
  drawnAs.set(made, child);
  drawChildren(made, child.children, namespace);
  return made;
}

function makeElement(tag: string, namespace: string): Element {
  return namespace === "" ? document.createElement(tag) : document.createElementNS(namespace, tag);
}

function drawAttributes(element: Element, before: Attributes, after: Attributes): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const value = after[name];
    if (value === before[name]) continue;
    if (name.startsWith("on")) {
      // One listener for good: it calls the handler of the newest drawing.
      if (before[name] === undefined) element.addEventListener(name.slice(2), callNewest);
    } else if (value === null || value === undefined || (value === false && !name.startsWith("aria-"))) {
      element.removeAttribute(name);
    } else {
      element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : String(value));
    }
  }
}

function callNewest(this: unknown, event: Event): void {
  const { currentTarget } = event;
  const handler =
    currentTarget instanceof Node ? drawnAs.get(currentTarget)?.attributes[`on${event.type}`] : null;
  if (typeof handler === "function") handler(event);
}

/** What must be alike for a node to be kept. */
function placeOf(child: VNode | string): unknown {
  return typeof child === "string" ? "" : child.tag + (child.key ?? "");
}

function flatten(children: readonly Drawn[]): (VNode | string)[] {
  return children.flatMap((child): (VNode | string)[] => {
    if (isList(child)) return flatten(child);
    if (child === null || child === undefined || typeof child === "boolean") return [];
    return [typeof child === "object" ? child : String(child)];
  });
}

function isList(drawn: Drawn): drawn is readonly Drawn[] {
  return Array.isArray(drawn);
}

function isElement(drawn: Drawn): drawn is VNode {
  return typeof drawn === "object" && drawn !== null && !isList(drawn);
}
