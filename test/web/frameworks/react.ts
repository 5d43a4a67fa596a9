import { createElement, useState } from "react";
import { createRoot } from "react-dom/client";
import { OnecallFeed } from "../../../src/inbox/react.ts";
import { optionsOf } from "./options.ts";

const { host, getToken, server } = optionsOf();
const root = createRoot(host);

function Page() {
  const [count, setCount] = useState<number | null>(null);
  const [locale, setLocale] = useState("en");
  return createElement(
    "div",
    null,
    createElement("output", null, `unread: ${count}`),
    createElement("button", { type: "button", onClick: () => setLocale("de") }, "Deutsch"),
    createElement("button", { type: "button", onClick: () => root.unmount() }, "Leave"),
    createElement(OnecallFeed, {
      ...{ server, getToken, locale },
      onUnread: (detail) => setCount(detail.count),
      renderItem: renderOwn,
    }),
  );
}

function renderOwn({ tag }: { tag: string | null }) {
  return tag === "own" ? createElement("em", null, "Drawn by the page") : null;
}

root.render(createElement(Page));
