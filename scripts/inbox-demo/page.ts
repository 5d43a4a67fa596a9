import { ATTRIBUTES, FIRST_ATTRIBUTES, PARTS, PROPERTIES, SLOTS } from "./looks.ts";
import { SAMPLES } from "./samples.ts";

/** The demo's page: two users, each with a bell, a feed and buttons that send to them. */
export function demoPage(workerUrl: string, users: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Onecall's inbox</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<script type="module" src="${workerUrl}/inbox.js"></script>
<script type="module" src="/page.js"></script>
</head>
<body>
${users.map((user, index) => sectionOf(user, LOOKS[index % LOOKS.length] ?? "light", workerUrl)).join("\n")}
</body>
</html>`;
}

const LOOKS = ["light", "dark"];

function sectionOf(user: string, look: string, workerUrl: string): string {
  const values: Record<string, string> = { server: workerUrl, theme: look === "dark" ? "light" : "dark" };
  const attributes = Object.entries(FIRST_ATTRIBUTES)
    .map(([name, value]) => `${name}="${value}"`)
    .join(" ");
  const toggles = (kind: string, given: Readonly<Record<string, string>>): string =>
    Object.entries(given)
      .map(([name, value]) => {
        const isOn = kind === "attribute" && name in FIRST_ATTRIBUTES;
        return `<button aria-pressed="${isOn}" data-${kind}="${name}" data-value="${values[name] ?? value}">${name}</button>`;
      })
      .join(" ");
  const samples = SAMPLES.map(({ key }) => `<button data-key="${key}">${key}</button>`);
  return `<section class="${look}" data-user="${user}">
<header><strong>${user}</strong><onecall-inbox ${attributes}></onecall-inbox></header>
<p>Send ${samples.join(" ")}</p>
<details><summary>More of it</summary>
<p>Attributes ${toggles("attribute", ATTRIBUTES)} <button aria-pressed="false" data-dir="rtl">dir="rtl"</button></p>
<p>Methods and properties <button data-call="toggle">toggle()</button> <button data-call="refresh">refresh()</button>
<button data-call="markAllViewed">markAllViewed()</button> <button aria-pressed="false" data-texts="">texts</button>
<button aria-pressed="false" data-fails="">getToken() fails</button></p>
<p>Custom properties ${toggles("property", PROPERTIES)}</p>
<p>Parts ${toggles("part", Object.fromEntries(PARTS.map((name) => [name, ""])))}</p>
<p>Slots ${toggles("slot", SLOTS)}</p></details>
<onecall-feed ${attributes}></onecall-feed>
<output aria-live="polite">Events appear here.</output>
</section>`;
}

export function demoStyle(): string {
  return `
body { margin: 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 360px), 1fr)); font: 15px/1.5 system-ui, sans-serif; }
section { min-block-size: 100vh; min-inline-size: 0; box-sizing: border-box; padding: 16px 24px 48px; background: #f3f4f6; color: #1c2024; color-scheme: light; }
section.dark { color-scheme: dark; background: #0b0c0e; color: #edeef0; }
header { display: flex; align-items: center; justify-content: space-between; }
section > p button, details button { font: inherit; font-size: 13px; color: inherit; background: none; border: 1px solid #8886; border-radius: 6px; padding: 2px 8px; margin-block: 2px; }
button[aria-pressed="true"] { background: light-dark(#1c2024, #edeef0); color: light-dark(#fff, #0b0c0e); }
onecall-feed { margin-block: 16px; }
onecall-feed:not([style*="--onecall-height"]) { --onecall-height: 480px; }
output { display: block; font: 12px/1.6 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.move { margin: 0; padding: 4px 0; font-weight: 600; color: light-dark(#9a4a06, #ffb86b); }
[slot="empty"], [slot="error"], [slot="footer"] { display: block; padding: 12px 16px; }
${PARTS.map((part) => `.part-${part}::part(${part}) { outline: 2px dashed #d6409f; outline-offset: -2px; }`).join("\n")}
`;
}

/** What a page of one's own does with the elements: tokens, events, an own drawing. */
export function demoScript(): string {
  return `
const failToken = () => { throw new Error("signed out") };
const makeSlotted = (slot, text) => Object.assign(document.createElement("span"), { slot, textContent: text });
for (const section of document.querySelectorAll("section")) {
  const { user } = section.dataset;
  const elements = section.querySelectorAll("onecall-inbox, onecall-feed");
  const getToken = async () => (await fetch("/token?user=" + user)).text();
  for (const element of elements) {
    element.getToken = getToken;
    element.renderItem = ({ content }) => {
      if (content.game !== "chess") return null;
      const move = document.createElement("p");
      move.className = "move";
      move.textContent = "♟ Your move, after " + content.move;
      return move;
    };
  }
  const output = section.querySelector("output");
  for (const type of ["unread", "item", "view", "action", "open", "close", "error"]) {
    section.addEventListener("onecall-" + type, ({ detail }) => {
      output.textContent = "onecall-" + type + " " + JSON.stringify(detail).slice(0, 300);
    });
  }
  const [inbox, feed] = elements;
  section.addEventListener("click", async ({ target }) => {
    const button = target.closest("button");
    if (button === null) return;
    const { key, call, attribute, property, part, slot, dir, texts, fails } = button.dataset;
    if (key) fetch("/send?user=" + user + "&key=" + key, { method: "POST" });
    if (call) (call === "toggle" ? inbox : feed)[call]();
    if (!button.hasAttribute("aria-pressed")) return;
    const isOn = button.getAttribute("aria-pressed") === "false";
    button.setAttribute("aria-pressed", String(isOn));
    const value = attribute === "token" && isOn ? await getToken() : button.dataset.value;
    if (dir) section.dir = isOn ? dir : "";
    for (const element of elements) {
      if (attribute) isOn ? element.setAttribute(attribute, value) : element.removeAttribute(attribute);
      if (property) element.style.setProperty(property, isOn ? value : "");
      if (part) element.classList.toggle("part-" + part, isOn);
      if (texts !== undefined) element.texts = isOn ? { notifications: "Post", markAll: "Done with all" } : null;
      if (fails !== undefined) element.getToken = isOn ? failToken : getToken;
      if (slot && isOn) element.append(makeSlotted(slot, value));
      if (slot && !isOn) element.querySelector(":scope > [slot=" + slot + "]").remove();
    }
  });
}
`;
}
