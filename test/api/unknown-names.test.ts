import { beforeAll, expect, it } from "vitest";
import { ADMIN_TOKEN, type Answer, call, createReadyApp, type TestApp } from "../support/api.ts";
import { operatorHeaders } from "../support/dashboard.ts";
import { ANSWERING_CASES, keyHeadersOf, namedCases, type RouteCase } from "../support/routes.ts";

/** Not like any name that there is. */
const UNKNOWN = "zzz_nobody_knows_this";

/** Vendors' calls: what their documents are silent about is ignored, but for what looks like a field of theirs. */
const LENIENT_BODIES = [
  "sendNotification",
  "sendPlatformNotification",
  "sendCampaignNotification",
  "presignPlatformFile",
  // A form's fields are those that were signed.
  "uploadTargetsFile",
];
const LENIENT_QUERIES = [
  ...LENIENT_BODIES,
  "listPlatformFiles",
  "getPlatformFile",
  "downloadPlatformFile",
  "deletePlatformFile",
  // Load balancers and links add what they like.
  "getHealth",
  "getService",
  "getOpenApi",
  "getDocs",
];

let app: TestApp;
let userToken: string;
let page: Record<string, string>;
/** Real ones by path parameter, so that nothing else is wrong. */
let params: Record<string, string>;

beforeAll(async () => {
  app = await createReadyApp();
  userToken = await app.tokenFor("mia");
  page = await operatorHeaders();
  const webhook = { url: "https://hooks.shop.com/", events: ["notification.completed"] };
  const made = await app.api("POST", "/webhooks", webhook);
  params = {
    app: app.id,
    webhook: made.body.id,
    uid: "mia",
    template: "order-confirmation",
    type: "gcm",
    channel: "in-app-alerts",
  };
});

async function request(one: RouteCase, query: string, body: unknown): Promise<Answer> {
  const path = one.pattern.replaceAll(/:(\w+)/g, (_, name: string) => params[name] ?? "x");
  const token = one.route.access.credential === "admin" ? ADMIN_TOKEN : userToken;
  const session = one.route.access.credential === "session" ? page : {};
  const headers = { ...keyHeadersOf(one, app), authorization: `Bearer ${token}`, ...session };
  return call(one.method, path + query, { headers, body });
}

function expectNamed({ status, body }: Answer): void {
  expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining(UNKNOWN)]);
}

it("every route is either strict or known to be a vendor's", () => {
  const ids = new Set(ANSWERING_CASES.map(({ route }) => route.id));
  for (const id of [...LENIENT_BODIES, ...LENIENT_QUERIES]) expect(ids).toContain(id);
});

const strictQueries = ANSWERING_CASES.filter(({ route }) => !LENIENT_QUERIES.includes(route.id));
it.each(namedCases(strictQueries))("%s refuses a parameter that it doesn't know", async (_, one) => {
  expectNamed(await request(one, `?${UNKNOWN}=1`, one.route.body?.isRequired ? {} : undefined));
});

const strictBodies = ANSWERING_CASES.filter(
  ({ route }) => route.body !== null && !LENIENT_BODIES.includes(route.id),
);
it.each(namedCases(strictBodies))("%s refuses a field that it doesn't know", async (_, one) => {
  // Which fields a device has is a matter of its provider.
  const device = one.route.id.endsWith("Device") ? { provider: "fcm", token: "a-token" } : {};
  expectNamed(await request(one, "", { ...device, [UNKNOWN]: 1 }));
});
