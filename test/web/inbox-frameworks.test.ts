import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compile } from "svelte/compiler";
import type { Plugin } from "vite";
import { INBOX_SOURCES } from "../../scripts/assets/inbox-sources.ts";
import { buildFiles } from "../../scripts/assets/vite.ts";
import { InboxSite } from "./support/inbox-pages.ts";

/** A component of Svelte as a module. */
const SVELTE: Plugin = {
  name: "svelte",
  transform(code, id) {
    return id.endsWith(".svelte") ? compile(code, { filename: id, generate: "client" }).js : null;
  },
};

const react18 = mkdtempSync(join(tmpdir(), "onecall-react-18-"));
const PAGES: Record<string, { file: string; alias?: Record<string, string> }> = {
  "react-19": { file: "react.ts" },
  "react-18": {
    file: "react.ts",
    alias: Object.fromEntries(
      ["react-dom", "react"].map((name) => [name, join(react18, "node_modules", name)]),
    ),
  },
  vue: { file: "vue.ts" },
  svelte: { file: "svelte.ts" },
};

let site: InboxSite;
before(async () => {
  const install = [
    "install",
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--prefix",
    react18,
    "react@18",
    "react-dom@18",
  ];
  const [started] = await Promise.all([InboxSite.start(), promisify(execFile)("npm", install)]);
  site = started;
  for (const [name, { file, alias }] of Object.entries(PAGES)) {
    site.addPage(`/${name}`, await bundle(file, alias));
  }
});
after(async () => {
  await site?.stop();
  rmSync(react18, { recursive: true, force: true, maxRetries: 10 });
});

async function bundle(file: string, alias: Record<string, string> = {}): Promise<string> {
  const entry = fileURLToPath(new URL(`frameworks/${file}`, import.meta.url));
  const [output] = await buildFiles({
    ...INBOX_SOURCES,
    logLevel: "error",
    plugins: [SVELTE],
    define: { "process.env.NODE_ENV": '"production"' },
    resolve: {
      alias: { ...INBOX_SOURCES.resolve.alias, ...alias },
      conditions: ["browser", "import", "default"],
    },
    build: { lib: { entry, formats: ["es"], fileName: "page" } },
  });
  if (output?.type !== "chunk") throw new Error(`${file} has no module`);
  return output.code;
}

describe("the wrapper for", () => {
  for (const name of Object.keys(PAGES)) {
    test(name, async () => {
      await site.app.send(name, "The element's");
      await site.app.send(name, "The page's", { tag: "own" });
      const issueToken = () => site.app.tokenFor(name);
      const attributes = { asks: "", server: site.worker.url };
      const watched = await site.open(name, attributes, { path: `/${name}`, functions: { issueToken } });
      const { page } = watched;
      await page.getByText("unread: 2").waitFor();
      await page.getByRole("button", { name: "The element's" }).waitFor();
      await page.getByText("Drawn by the page").waitFor();
      assert.equal(await page.getByText("The page's").count(), 0);
      const socket = page.waitForEvent("websocket").catch(() => null);
      await page.getByRole("button", { name: "Deutsch" }).click();
      await page.getByText("Heute").waitFor();
      await site.app.send(name, "Later");
      await page.getByRole("button", { name: "Later" }).waitFor();
      await page.getByRole("button", { name: "Only own" }).click();
      await page.getByRole("button", { name: "Later" }).waitFor({ state: "detached" });
      await page.getByText("Drawn by the page").waitFor();
      await page.getByRole("button", { name: "Leave" }).click();
      await page.locator("onecall-feed").waitFor({ state: "detached" });
      await watched.close();
      assert.equal(await socket, null, "a change of a prop opens no other socket");
    });
  }
});

for (const name of ["react-19", "react-18"]) {
  test(`what ${name} draws keeps its state as the page is drawn again, and as the item is seen`, async () => {
    const user = `${name}-state`;
    await site.app.send(user, "The page's", { tag: "own" });
    const issueToken = () => site.app.tokenFor(user);
    const attributes = { asks: "", server: site.worker.url };
    const watched = await site.open(user, attributes, { path: `/${name}`, functions: { issueToken } });
    const { page } = watched;
    await page.getByRole("button", { name: "0 likes, en" }).click();
    await page.getByRole("button", { name: "1 likes, en" }).waitFor();
    await page.getByText("unread: 0").waitFor();
    await page.getByRole("button", { name: "Deutsch" }).click();
    await page.getByRole("button", { name: "1 likes, de" }).waitFor();
    await watched.close();
  });
}
