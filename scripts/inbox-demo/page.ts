import { SAMPLES } from "./samples.ts";

/** The demo's page: two users, each with a bell, a feed and buttons that send to them. */
export function demoPage(workerUrl: string, users: readonly string[]): string {
  const looks = ["light", "dark"];
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
${users.map((user, index) => sectionOf(user, looks[index % looks.length] ?? "light")).join("\n")}
</body>
</html>`;
}

function sectionOf(user: string, theme: string): string {
  const buttons = SAMPLES.map(({ key }) => `<button data-user="${user}" data-key="${key}">${key}</button>`);
  return `<section class="${theme}" data-user="${user}">
<header><strong>${user}</strong><onecall-inbox theme="${theme}" tags="orders,news,events"></onecall-inbox></header>
<p>Send ${buttons.join(" ")}</p>
<details><summary>More of it</summary>
<p><button data-theme="">theme</button> <button data-locale="de">locale="de"</button>
<button data-dir="rtl">dir="rtl"</button> <button data-brand="">custom properties and parts</button>
<button data-open="">open</button> <button data-all="">markAllViewed()</button></p></details>
<onecall-feed theme="${theme}" heading></onecall-feed>
<output aria-live="polite">Events appear here.</output>
</section>`;
}

export function demoStyle(): string {
  return `
body { margin: 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 360px), 1fr)); font: 15px/1.5 system-ui, sans-serif; }
section { min-block-size: 100vh; box-sizing: border-box; padding: 16px 24px 48px; background: #f3f4f6; color: #1c2024; }
section.dark { color-scheme: dark; background: #0b0c0e; color: #edeef0; }
header { display: flex; align-items: center; justify-content: space-between; }
onecall-feed { margin-block: 16px; --onecall-height: 480px; }
output { display: block; font: 12px/1.6 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.branded { --onecall-accent: light-dark(#0a7a4b, #5bd3a0); --onecall-radius: 4px; --onecall-font: Georgia, serif; }
.branded::part(title) { letter-spacing: 0.01em; }
.move { margin: 0; padding: 4px 0; font-weight: 600; color: light-dark(#9a4a06, #ffb86b); }
`;
}

/** What a page of one's own does with the elements: tokens, events, an own drawing. */
export function demoScript(): string {
  return `
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
  section.addEventListener("click", ({ target }) => {
    const { key, theme, locale, dir, brand, open, all } = target.dataset ?? {};
    if (key) fetch("/send?user=" + user + "&key=" + key, { method: "POST" });
    if (theme !== undefined) {
      section.classList.toggle("dark");
      for (const one of elements) one.setAttribute("theme", section.classList.contains("dark") ? "dark" : "light");
    }
    if (locale) for (const one of elements) one.setAttribute("locale", one.getAttribute("locale") === locale ? "en" : locale);
    if (dir) section.dir = section.dir === dir ? "" : dir;
    if (brand !== undefined) for (const one of elements) one.classList.toggle("branded");
    if (open !== undefined) elements[0].toggle();
    if (all !== undefined) elements[1].markAllViewed();
  });
}
`;
}
