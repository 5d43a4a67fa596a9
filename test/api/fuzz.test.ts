import { exports } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { ROUTES } from "../../src/api/routes.ts";
import { readAnswer } from "../support/answers.ts";
import {
  ADMIN_TOKEN,
  type Body,
  callWithToken,
  createChannels,
  createReadyApp,
  createTemplate,
  type TestApp,
} from "../support/api.ts";
import { fieldsOf } from "../support/declared-fields.ts";
import { ANSWERING_CASES, keyHeadersOf, namedCases, type RouteCase } from "../support/routes.ts";
import { waitUntilCompleted } from "../support/wait.ts";

/** Requests of each kind and route. The seed is printed where one fails. */
const RUNS = 12;
/** Stands in what another app owns: no answer may have it. */
const SECRET = "another-apps-secret";
/** What only an internal message would say. */
const INTERNAL =
  /sqlite|typeerror|referenceerror|at \w+ \(|durable ?object|undefined is|cannot read|\.ts:\d/i;

let app: TestApp;
let notificationId: string;
let userToken: string;

beforeAll(async () => {
  const [own, other] = await Promise.all([createReadyApp(), createReadyApp()]);
  app = own;
  await createTemplate(other, {
    key: "theirs",
    content: { "in-app-alerts": { text: SECRET } },
    variableSchema: {},
  });
  await other.send({ template: { key: "theirs" }, targets: ["mia"], mode: "realtime", title: SECRET });
  await createChannels(app);
  const sent = await app.send({
    template: { key: "order-confirmation", variables: { customerName: "Mia", orderId: "1" } },
    targets: ["mia"],
    mode: "realtime",
  });
  notificationId = sent.body.notificationId;
  await waitUntilCompleted(app, notificationId);
  userToken = await app.tokenFor("mia");
});

const ODD_KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "",
  "a.b",
  "🦊",
  "\u0000",
];
const ODD_TEXTS = [
  "",
  " ",
  "null",
  "true",
  "0",
  "-1",
  "1e400",
  "NaN",
  "\u0000",
  "\uFEFF",
  "\u202E",
  "é",
  "e\u0301",
  "👩‍👩‍👧‍👦",
  "../../x",
  "..%2f",
  "%",
  "%zz",
  "'; DROP TABLE users;--",
  "{{a}}",
  "{{",
  "<script>",
  "\\",
  '"',
  "\r\nx: y",
  "x".repeat(300),
  "x".repeat(70_000),
  "01980000-0000-7000-8000-000000000000",
  "__proto__",
];
const ODD_NUMBERS = [0, -0, -1, 0.5, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 53, 2 ** 53 + 1, 1e21];

const text = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: "binary", maxLength: 30 }));
const scalar = fc.oneof(text, fc.constantFrom(...ODD_NUMBERS), fc.double(), fc.boolean(), fc.constant(null));
const key = fc.oneof(fc.constantFrom(...ODD_KEYS), fc.string({ maxLength: 10 }));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

/** Every field that any route declares, so that a random object has some that mean something. */
const FIELDS = fieldsOf(ROUTES);
const fields = fc
  .array(fc.tuple(fc.constantFrom(...FIELDS), value), { minLength: 1, maxLength: 8 })
  .map((entries) => Object.fromEntries(entries));

/** Bodies that no JSON writer makes. */
const rawBody = fc.oneof(
  fc.constantFrom(
    ...[
      "",
      "{",
      "[",
      '{"name":',
      '{"name":"a","name":"b","name":{}}',
      '"text"',
      "12",
      "nul",
      "{}x",
      "[[[[]]]]",
    ],
    ...[
      "[".repeat(5000),
      '{"a":'.repeat(5000),
      `{"name":"${"x".repeat(1_100_000)}"}`,
      "\uFEFF{}",
      "{'name':1}",
    ],
    '{"__proto__":{"scopes":["manage"]}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"name":"\\ud800"}',
    '{"mode":"batch","mode":"realtime","targets":["a"],"targets":"b"}',
    `{"n":1${"0".repeat(400)}}`,
  ),
  fc.json().map((json) => json.slice(0, Math.floor(json.length / 2))),
  fc.string({ unit: "binary", maxLength: 50 }),
);
const bytesBody = fc.uint8Array({ maxLength: 60 });
const contentType = fc.constantFrom(
  "application/json",
  "text/plain",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  "",
  'a/b; c="d',
);
const body = fc.oneof(
  { weight: 3, arbitrary: fields.map((object) => JSON.stringify(object)) },
  { weight: 1, arbitrary: value.map((any) => JSON.stringify(any) ?? "") },
  { weight: 2, arbitrary: rawBody },
  { weight: 1, arbitrary: bytesBody },
);
const query = fc
  .array(fc.tuple(fc.constantFrom(...FIELDS), text), { maxLength: 4 })
  .map((pairs) =>
    pairs.map(([name, given]) => `${name}=${encodeURIComponent(given.toWellFormed())}`).join("&"),
  );

/** A path segment: something real, or anything. */
const segment = fc.oneof(fc.constantFrom("mia", "order-confirmation", "in-app-alerts", "NOTIFICATION"), text);

interface Fuzzed {
  path: string;
  init: RequestInit<RequestInitCfProperties>;
}

const fuzzed = (routeCase: RouteCase): fc.Arbitrary<Fuzzed> => {
  const { method, pattern } = routeCase;
  const names = pattern.match(/:\w+/g) ?? [];
  return fc
    .tuple(fc.tuple(...names.map(() => segment)), query, body, contentType)
    .map(([segments, search, payload, type]): Fuzzed => {
      const path = names.reduce((filled, name, index) => {
        const given = segments[index] === "NOTIFICATION" ? notificationId : (segments[index] ?? "");
        // An app's own id: what else is there isn't for the admin to find.
        const real = name === ":app" ? app.id : given.toWellFormed().slice(0, 300);
        return filled.replace(name, encodeURIComponent(real) || "x");
      }, pattern);
      const hasBody = method !== "GET" && method !== "DELETE";
      const headers: Record<string, string> = {
        ...keyHeadersOf(routeCase, app),
        "content-type": type,
        authorization: `Bearer ${pattern.startsWith("/admin") ? ADMIN_TOKEN : userToken}`,
      };
      return {
        path: search === "" ? path : `${path}?${search}`,
        init: { method, headers, body: hasBody ? payload : null },
      };
    });
};

const isPlatform = ({ pattern, route }: RouteCase): boolean =>
  /^\/v[12]\//.test(pattern) || route.access.credential === "api-token";

async function check(routeCase: RouteCase, { path, init }: Fuzzed): Promise<boolean> {
  const response = await exports.default.fetch(`https://onecall.test${path}`, init);
  const answer = await readAnswer(
    { method: init.method ?? "GET", path, headers: init.headers ?? {} },
    response,
  );
  expect(response.status, `${init.method} ${path}: ${answer}`).toBeLessThan(500);
  expect(answer).not.toContain(SECRET);
  expect(response.headers.get("x-request-id")).toMatch(/^[A-Za-z0-9._-]+$/);
  if (response.status < 400) return true;
  expect(answer).not.toMatch(INTERNAL);
  const error: Body = JSON.parse(answer);
  if (isPlatform(routeCase)) {
    expect(error).toMatchObject({ error: true, code: expect.any(Number), message: expect.any(String) });
  } else {
    expect(error.error).toMatchObject({ code: expect.stringMatching(/^ERR_/), message: expect.any(String) });
  }
  return false;
}

/** All that a refused call could have changed. */
async function snapshot(): Promise<unknown> {
  const paths = [
    "/channels",
    "/templates",
    "/users",
    "/notifications",
    "/targets-files",
    "/users/mia/devices",
  ];
  const lists = await Promise.all(paths.map((path) => app.api("GET", `${path}?limit=100`)));
  const feed = await callWithToken(userToken)("GET", "/feed");
  return [...lists, feed].map(({ status, body: found }) => [status, found]);
}

describe("whatever a client sends", () => {
  // A socket's answer isn't one that can be read here: test/users has its own tests.
  it.each(namedCases(ANSWERING_CASES))(
    "%s answers it, and changes nothing that it refuses",
    async (_, one) => {
      const before = one.method === "GET" ? null : await snapshot();
      let accepted = 0;
      await fc.assert(
        fc.asyncProperty(fuzzed(one), async (request) => {
          if (await check(one, request)) accepted++;
        }),
        { numRuns: RUNS },
      );
      if (one.method !== "GET" && accepted === 0) expect(await snapshot()).toEqual(before);
    },
  );
});
