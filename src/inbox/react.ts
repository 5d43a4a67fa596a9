"use client";

import {
  createElement,
  type ForwardedRef,
  Fragment,
  forwardRef,
  type ReactElement,
  type ReactNode,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from "react";
import { createPortal } from "react-dom";
import { type FeedItem, keyOf } from "./feed/item.ts";
import { type InboxHandlers, type InboxProps, listen, setProps } from "./framework.ts";
import "./index.ts";

export interface Props extends Omit<InboxProps, "renderItem">, InboxHandlers {
  className?: string;
  id?: string;
  /** Slots: `<b slot="header">…</b>`. */
  children?: ReactNode;
  /** An item as the page draws it; null or false: as the element does. */
  renderItem?: (item: FeedItem) => ReactNode;
}

interface WrappedProps extends Props {
  element: string;
  outer: ForwardedRef<HTMLElement>;
}

/** For React 18, which sets only attributes of elements, and 19. */
function Wrapped({
  element,
  outer,
  className,
  id,
  children,
  renderItem,
  ...rest
}: WrappedProps): ReactElement {
  const own = useRef<HTMLElement>(null);
  const newest = useRef(rest);
  newest.current = rest;
  const [portals, draw] = usePortals(renderItem);
  useImperativeHandle<HTMLElement | null, HTMLElement | null>(outer, () => own.current);
  useEffect(() => {
    if (own.current !== null) setProps(own.current, { ...rest, renderItem: draw });
  });
  useEffect(() => (own.current === null ? undefined : listen(own.current, () => newest.current)), []);
  // `class`: React 18 hands `className` of such an element on as it stands.
  return createElement(
    Fragment,
    null,
    createElement(element, { ref: own, class: className, id }, children),
    portals,
  );
}

/** An item that the element has asked about, with the box that stands in it; null: it has the usual look. */
interface Asked {
  item: FeedItem;
  box: HTMLElement | null;
}

/**
 * Nodes of React in the boxes that the element shows as its items. An item keeps its box, and so what is in it its
 * state, whatever function draws it and whatever becomes of the item.
 */
function usePortals(renderItem: Props["renderItem"]): [ReactNode[], InboxProps["renderItem"]] {
  const asked = useRef(new Map<string, Asked>());
  const newest = useRef(renderItem);
  const round = useRef(0);
  const [, redraw] = useState(0);
  newest.current = renderItem;
  const portals: ReactNode[] = [];
  for (const [key, { item, box }] of asked.current) {
    const node = renderItem?.(item);
    const isGone = box !== null && box.parentNode !== null && !box.isConnected;
    // Where it is the page's now and was the element's, or the other way round, the element asks anew.
    const isOther = isNothing(node) !== (box === null);
    if (isOther) round.current++;
    if (isOther || isGone) asked.current.delete(key);
    else if (box !== null) portals.push(createPortal(node, box, key));
  }
  const isOwn = renderItem !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round is another function
  const draw = useMemo(() => {
    if (!isOwn) return undefined;
    return (item: FeedItem): Node | null => {
      const key = keyOf(item);
      const before = asked.current.get(key)?.box;
      const box = isNothing(newest.current?.(item)) ? null : (before ?? document.createElement("div"));
      asked.current.set(key, { item, box });
      redraw((count) => count + 1);
      return box;
    };
  }, [isOwn, round.current]);
  return [portals, draw];
}

function isNothing(node: ReactNode): boolean {
  return node === null || node === undefined || typeof node === "boolean";
}

export const OnecallInbox = forwardRef<HTMLElement, Props>((props, outer) =>
  createElement(Wrapped, { ...props, outer, element: "onecall-inbox" }),
);
export const OnecallFeed = forwardRef<HTMLElement, Props>((props, outer) =>
  createElement(Wrapped, { ...props, outer, element: "onecall-feed" }),
);
OnecallInbox.displayName = "OnecallInbox";
OnecallFeed.displayName = "OnecallFeed";
