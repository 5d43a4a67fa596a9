import { readFileSync } from "node:fs";
import { ATTRIBUTES, CALLS, FIRST_ATTRIBUTES, PARTS, PROPERTIES, SLOTS, STATES } from "./looks.ts";
import { SAMPLES } from "./samples.ts";

const SCHEMES = ["light", "dark"];

/** The demo's page: two users, each with a bell, a feed, buttons that send to them, and switches of all there is. */
export function demoPage(workerUrl: string, users: readonly string[]): string {
  const sections = users.map((user, index) => {
    const scheme = SCHEMES[index % SCHEMES.length] ?? "light";
    const other = scheme === "dark" ? "light" : "dark";
    return sectionOf(user, scheme, { ...ATTRIBUTES, server: workerUrl, theme: other });
  });
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
<header><h1>Onecall's inbox</h1>
<p>Two users of a local Onecall. Send to them, and switch all that docs/inbox.md names.</p></header>
${sections.join("\n")}
</body>
</html>`;
}

function sectionOf(user: string, scheme: string, attributes: Readonly<Record<string, string>>): string {
  const first = Object.entries(FIRST_ATTRIBUTES)
    .map(([name, value]) => `${name}="${value}"`)
    .join(" ");
  const parts = Object.fromEntries(PARTS.map((name) => [name, ""]));
  const samples = SAMPLES.map(({ key }) => `<button data-key="${key}">${key}</button>`);
  const calls = Object.entries(CALLS).map(([name, label]) => `<button data-call="${name}">${label}</button>`);
  return `<section class="${scheme}" data-user="${user}">
<div class="bar"><h2>${user}</h2><onecall-inbox ${first}></onecall-inbox></div>
${row("Send", samples)}
<details><summary>All that there is</summary>
${row("Attributes", [...switchesOf("attribute", attributes), ...switchesOf("dir", { dir: "rtl" })])}
${row("Methods and properties", [
  ...calls,
  ...switchesOf("texts", { texts: "" }),
  ...switchesOf("draws", { "renderItem = null": "" }),
])}
${row("States", switchesOf("state", STATES))}
${row("Custom properties", switchesOf("property", PROPERTIES))}
${row("Parts, outlined", switchesOf("part", parts))}
${row("Slots", switchesOf("slot", SLOTS))}
</details>
<onecall-feed ${first}></onecall-feed>
${row("Events, the newest first", [])}
<ol></ol>
</section>`;
}

function row(label: string, buttons: readonly string[]): string {
  return `<div class="row"><span>${label}</span>${buttons.join("\n")}</div>`;
}

/** Buttons that set something of a kind to a value, and back. */
function switchesOf(kind: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => {
    const isOn = kind === "attribute" && name in FIRST_ATTRIBUTES;
    const data = `data-kind="${kind}" data-name="${name}" data-value="${value}"`;
    const hint = value === "" ? name : `${name}: ${value}`;
    return `<button aria-pressed="${isOn}" title="${hint}" ${data}>${name}</button>`;
  });
}

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");

export function demoStyle(): string {
  const outlines = PARTS.map(
    (part) => `.part-${part}::part(${part}) { outline: 2px dashed #d6409f; outline-offset: -2px; }`,
  );
  return [read("page.css"), ...outlines].join("\n");
}

export function demoScript(): string {
  return read("page.js");
}

/** Of a sample with an image. */
export const DEMO_PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">
<rect width="40" height="40" fill="#3a5bc7"/><path d="M9 27l7-8 5 5 5-7 6 10z" fill="#fff"/></svg>`;
