import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { Onecall } from "../src/client/index.ts";
import { startFakeProviders } from "../test/support/providers/server.ts";
import { readArguments, runScript } from "./arguments.ts";
import { userId } from "./demo/audience.ts";
import { tellStory } from "./demo/story.ts";
import { startLocalWorker } from "./local-worker.ts";
import { bold, dim, green } from "./terminal.ts";
import { ROOT } from "./wrangler.ts";

const USAGE = `Usage: npm run screenshots

Runs the demo on this machine, in a temporary folder, and takes pictures of six of the dashboard's pages with Chromium: docs/images/dashboard-*.png, which the README shows.`;

const FOLDER = join(ROOT, "docs", "images");
const WINDOW = { width: 1200, height: 750 };
/** A README isn't to be heavy. */
const MOST_BYTES = 150_000;

/** One picture: a page's address within the app, and what is to be on it before it is taken. */
interface Shot {
  name: string;
  path: string;
  isDark?: boolean;
  ready(page: Page): Promise<unknown>;
}

await runScript(USAGE, async () => {
  readArguments({}, USAGE);
  const providers = await startFakeProviders();
  const folder = mkdtempSync(join(tmpdir(), "onecall-screenshots-"));
  const worker = await startLocalWorker({ persistTo: folder, providers: providers.url });
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    const appId = await tellStory(worker, providers.url);
    const { admin } = new Onecall({ url: worker.url, adminToken: worker.adminToken });
    const { apiKey } = await admin.createKey(appId, {
      name: "Reception",
      scopes: ["send", "read", "manage"],
    });
    const shots = await chooseShots(new Onecall({ url: worker.url, apiKey }));
    const { url: link } = await admin.createSignInCode(appId);
    mkdirSync(FOLDER, { recursive: true });
    await takeAll(browser, { link, base: `${worker.url}/dashboard/${appId}` }, shots);
  } finally {
    await browser.close();
    await worker.stop();
    await providers.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
});

/** The pages that show best what the story has left behind. */
async function chooseShots({ notifications }: Onecall): Promise<Shot[]> {
  const [file] = (await notifications.list({ hasFailures: "true", limit: 1 }).page()).data;
  if (file === undefined) throw new Error("The story has left no notification with failures.");
  const heading = (name: string) => (page: Page) => page.getByRole("heading", { name }).first().waitFor();
  return [
    { name: "home", path: "home", ready: (page) => page.getByText("in-app, by UTC day").first().waitFor() },
    { name: "notification", path: `notifications/${file.id}`, ready: heading("Deliveries") },
    {
      name: "notification-dark",
      path: `notifications/${file.id}?status=failed`,
      isDark: true,
      ready: async (page) => {
        await page.getByRole("heading", { name: "Deliveries" }).scrollIntoViewIfNeeded();
        await page.getByText("missing_variables").last().waitFor();
      },
    },
    { name: "template", path: "templates/appointment-reminder", ready: heading("Appointment reminder") },
    { name: "send", path: "send?template=appointment-reminder", ready: fillSend },
    {
      name: "user",
      path: `users/${userId(1)}`,
      ready: async (page) => {
        await page.getByRole("heading", { name: "Devices" }).first().waitFor();
        await page.locator("onecall-feed .item").first().waitFor();
      },
    },
  ];
}

async function fillSend(page: Page): Promise<void> {
  await page.getByLabel(/User ids/).fill([1, 2, 3].map(userId).join("\n"));
  await page.getByLabel("name", { exact: true }).fill("Mia");
  await page.getByLabel("number", { exact: true }).fill("A-1");
  await page.getByRole("button", { name: "Show what a user gets" }).click();
  await page.getByText("Appointment A-1").first().waitFor();
}

/** Signs in once by the link, then takes one picture after the other. */
async function takeAll(
  browser: Browser,
  { link, base }: { link: string; base: string },
  shots: readonly Shot[],
): Promise<void> {
  const context = await browser.newContext({
    viewport: WINDOW,
    locale: "en-GB",
    timezoneId: "Europe/Amsterdam",
  });
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole("heading", { level: 1, name: "Home" }).waitFor();
  console.log(bold("Pictures"));
  for (const { name, path, isDark = false, ready } of shots) {
    await page.emulateMedia({ colorScheme: isDark ? "dark" : "light", reducedMotion: "reduce" });
    await page.goto(`${base}/${path}`);
    await ready(page);
    const file = join(FOLDER, `dashboard-${name}.png`);
    writeFileSync(file, await page.screenshot({ animations: "disabled" }));
    const { size } = statSync(file);
    if (size > MOST_BYTES) throw new Error(`${file} has ${size} bytes, over ${MOST_BYTES}.`);
    console.log(`${green("✓")} ${relative(ROOT, file)} ${dim(`${Math.round(size / 1000)} kB`)}`);
  }
  await context.close();
}
