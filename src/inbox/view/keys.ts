const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 };

/** Arrows, Home and End move the focus from item to item, as in other lists; Tab goes through all that there is. */
export function moveFocus(root: ShadowRoot, event: KeyboardEvent): void {
  const { key } = event;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (!(key in STEPS) && key !== "Home" && key !== "End") return;
  const items = [...root.querySelectorAll<HTMLElement>(".item")];
  const index = items.findIndex((item) => item.contains(root.activeElement));
  if (index < 0) return;
  const step = STEPS[key] ?? (key === "Home" ? -items.length : items.length);
  const next = items[Math.max(0, Math.min(items.length - 1, index + step))];
  const target = next?.querySelector<HTMLElement>(".main") ?? next;
  event.preventDefault();
  target?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}
