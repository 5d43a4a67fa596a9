import { beforeAll, expect, it } from "vitest";
import { encodeCursor } from "../../src/http/pagination.ts";
import { ADMIN_TOKEN, call, createReadyApp, type TestApp } from "../support/api.ts";
import { operatorHeaders } from "../support/dashboard.ts";
import { ANSWERING_CASES, keyHeadersOf, namedCases } from "../support/routes.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** Cursors of a list's form that no list gave out. */
const MADE_UP = [
  ["a"],
  [""],
  ["'\u0000"],
  ["00000000-0000-7000-8000-000000000000"],
  ["ffffffff-ffff-7fff-bfff-ffffffffffff"],
  ["7c9e6679-7425-40de-944b-e07fc1f90ae7"],
  ["01a219d5-5fa4-030d-83f7-435fdf255b6d"],
  ["a", "b"],
  ["", ""],
  ["1", "2", "3"],
  ["999999", "999999", "999999"],
].map(encodeCursor);

let app: TestApp;
let userToken: string;
let page: Record<string, string>;
/** Real ones by path parameter, so that there is something to be listed. */
let params: Record<string, string>;

beforeAll(async () => {
  app = await createReadyApp({ variableSchema: {}, content: { "in-app-alerts": { text: "Hi" } } });
  const template = { key: "order-confirmation" };
  await app.send({ template, targets: ["mia"], mode: "realtime" });
  const { body } = await app.send({ template, targets: ["mia", "leo"], mode: "batch" });
  await waitUntilCompleted(app, body.notificationId);
  userToken = await app.tokenFor("mia");
  page = await operatorHeaders();
  const webhook = { url: "https://hooks.shop.com/", events: ["notification.failed"] };
  const made = await app.api("POST", "/webhooks", webhook);
  params = {
    app: app.id,
    webhook: made.body.id,
    uid: "mia",
    template: "order-confirmation",
    notification: body.notificationId,
    type: "gcm",
    channel: "in-app-alerts",
  };
});

const reads = ANSWERING_CASES.filter(({ method }) => method === "GET");
it.each(namedCases(reads))("%s takes no cursor for a bug that it didn't give out", async (_, one) => {
  const path = one.pattern.replaceAll(/:(\w+)/g, (_, name: string) => params[name] ?? "x");
  const { credential } = one.route.access;
  const token = credential === "admin" ? ADMIN_TOKEN : userToken;
  const session = credential === "session" ? page : {};
  const headers = { ...keyHeadersOf(one, app), authorization: `Bearer ${token}`, ...session };
  for (const cursor of MADE_UP) {
    for (const name of ["cursor", "token"]) {
      const { status } = await call("GET", `${path}?${name}=${cursor}`, { headers });
      expect([cursor, [200, 400, 404].includes(status) || status]).toEqual([cursor, true]);
    }
  }
});
