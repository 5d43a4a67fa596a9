import { createElement, useState } from "react";
import { createRoot } from "react-dom/client";
import { OnecallFeed } from "../../../src/inbox/react.ts";
import { optionsOf } from "./options.ts";

const { host, getToken, server } = optionsOf();
const root = createRoot(host);

function Page() {
  const [count, setCount] = useState<number | null>(null);
  const [locale, setLocale] = useState("en");
  const [tag, setTag] = useState<string | null>(null);
  return createElement(
    "div",
    null,
    createElement("output", null, `unread: ${count}`),
    createElement("button", { type: "button", onClick: () => setLocale("de") }, "Deutsch"),
    createElement("button", { type: "button", onClick: () => setTag("own") }, "Only own"),
    createElement("button", { type: "button", onClick: () => root.unmount() }, "Leave"),
    createElement(OnecallFeed, {
      server,
      getToken,
      locale,
      ...(tag === null ? {} : { tag }),
      onUnread: (detail) => setCount(detail.count),
      // Another function at each drawing, as most pages have it.
      renderItem: (item) => item.tag === "own" && createElement(Own, { locale }),
    }),
  );
}

/** With a state, which a drawing of the page or a view of the item mustn't lose. */
function Own({ locale }: { locale: string }) {
  const [likes, setLikes] = useState(0);
  const onClick = () => setLikes(likes + 1);
  return createElement(
    "em",
    null,
    "Drawn by the page",
    createElement("button", { type: "button", onClick }, `${likes} likes, ${locale}`),
  );
}

root.render(createElement(Page));
