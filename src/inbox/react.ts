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
import type { FeedItem } from "./feed/item.ts";
import { type InboxHandlers, type InboxProps, listen, setProps } from "./framework.ts";
import "./index.ts";

export interface Props extends Omit<InboxProps, "renderItem">, InboxHandlers {
  className?: string;
  id?: string;
  /** Slots: `<b slot="header">…</b>`. */
  children?: ReactNode;
  /** An item as the page draws it; null: as the element does. */
  renderItem?: (item: FeedItem) => ReactNode;
}

interface WrappedProps extends Props {
  tag: string;
  outer: ForwardedRef<HTMLElement>;
}

/** For React 18, which sets only attributes of elements, and 19. */
function Wrapped({ tag, outer, className, id, children, renderItem, ...rest }: WrappedProps): ReactElement {
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
    createElement(tag, { ref: own, class: className, id }, children),
    portals,
  );
}

/** Nodes of React in the boxes that the element shows as its items. */
function usePortals(renderItem: Props["renderItem"]): [ReactNode[], InboxProps["renderItem"]] {
  const boxes = useRef(new Map<HTMLElement, ReactNode>());
  const [, redraw] = useState(0);
  const draw = useMemo(() => {
    if (renderItem === undefined) return undefined;
    return (item: FeedItem): Node | null => {
      const node = renderItem(item);
      if (node === null || node === undefined) return null;
      const box = document.createElement("div");
      boxes.current.set(box, node);
      redraw((count) => count + 1);
      return box;
    };
  }, [renderItem]);
  for (const box of boxes.current.keys()) {
    // The element has put another in its place, or has scrolled away.
    if (box.parentNode !== null && !box.isConnected) boxes.current.delete(box);
  }
  return [[...boxes.current].map(([box, node], index) => createPortal(node, box, String(index))), draw];
}

export const OnecallInbox = forwardRef<HTMLElement, Props>((props, outer) =>
  createElement(Wrapped, { ...props, outer, tag: "onecall-inbox" }),
);
export const OnecallFeed = forwardRef<HTMLElement, Props>((props, outer) =>
  createElement(Wrapped, { ...props, outer, tag: "onecall-feed" }),
);
OnecallInbox.displayName = "OnecallInbox";
OnecallFeed.displayName = "OnecallFeed";
