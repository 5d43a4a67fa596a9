import { beforeAll, describe, expect, it } from "vitest";
import { API, call, createApp, createReadyApp, fetchWorker, type TestApp } from "../support/api.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createReadyApp();
});

describe("a request id", () => {
  it.each(["abc", "A.b_c-1", "x".repeat(128)])("%s is taken over from the caller", async (id) => {
    const { headers } = await call("GET", "/health", { headers: { "x-request-id": id } });
    expect(headers.get("x-request-id")).toBe(id);
  });

  it.each(["", "a b", 'a"b', "<script>", "100%", "x".repeat(129)])("%j is replaced", async (id) => {
    const { headers } = await call("GET", "/health", { headers: { "x-request-id": id } });
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  });

  it("is in every answer, another one each time", async () => {
    const answers = [
      await call("GET", "/health"),
      await call("GET", "/nothing"),
      await call("POST", "/health"),
      await call("GET", `${API}/channels`),
      await app.api("GET", "/channels"),
      await call("OPTIONS", `${API}/feed`),
    ];
    const ids = answers.map(({ headers }) => headers.get("x-request-id"));
    expect(ids).not.toContain(null);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

it("tells a load balancer that it is up, with all its bindings, without credentials", async () => {
  const { status, body } = await call("GET", "/health");
  expect([status, body]).toEqual([
    200,
    { status: "ok", bindings: { kv: true, r2: true, queues: true, durableObjects: true } },
  ]);
});

describe("a path that there isn't", () => {
  it.each(["/nothing", "/v3", API, `${API}/nothing`, "/__proto__", "/constructor", "/admin", "//health"])(
    "%s is 404 for every method",
    async (path) => {
      for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH"]) {
        const { status, body } = await app.call(method, path);
        expect([status, body.error.code, typeof body.error.message]).toEqual([
          404,
          "ERR_NOT_FOUND",
          "string",
        ]);
        expect(body.error.devMessage).toBeTypeOf("string");
      }
    },
  );
});

describe("a method that a path doesn't take", () => {
  it.each([
    ["POST", "/health", "GET, HEAD"],
    ["GET", `${API}/notifications/send/x`, null],
    ["GET", `${API}/notifications/send`, "POST"],
    ["HEAD", `${API}/notifications/send`, "POST"],
    ["GET", `${API}/notifications/send/`, "POST"],
    ["PUT", `${API}/notifications/send`, "POST"],
    ["PUT", `${API}/channels/availability`, "GET, HEAD"],
    ["GET", `${API}/analytics/events`, "POST"],
    ["GET", "/notifications/messages", "POST"],
    ["GET", "/v1/notifications/messages", "POST"],
    ["GET", "/v1/storage/uploads", "POST"],
    ["GET", `${API}/feed/read-all`, "POST"],
    ["GET", `${API}/templates/x/preview`, "POST"],
    ["DELETE", `${API}/channels`, "GET, POST, HEAD"],
    ["PATCH", `${API}/channels/x`, "GET, PUT, HEAD"],
    ["POST", "/v3/business-messaging/api/users/jane", "GET, PUT, DELETE, HEAD"],
    ["GET", "/v3/business-messaging/api/users/jane/auth_tokens", "POST"],
    ["HEAD", "/v3/business-messaging/api/users/jane/auth_tokens", "POST"],
    ["GET", "/api/notifications/send", "POST"],
    ["PUT", `${API}/feed/read-all`, "POST"],
    ["OPTIONS", `${API}/channels`, "GET, POST, HEAD"],
  ])("%s %s is 405 with Allow: %s", async (method, path, allow) => {
    const { status, headers, body } = await app.call(method, path);
    expect([status, headers.get("allow")?.split(", ").sort()]).toEqual(
      allow === null ? [404, undefined] : [405, allow.split(", ").sort()],
    );
    const code = path.startsWith("/v1/") ? body.code : body.error?.code;
    if (method !== "HEAD" && allow !== null) expect(["ERR_METHOD_NOT_ALLOWED", 400404]).toContain(code);
  });
});

describe("HEAD", () => {
  it.each(["/health", `${API}/channels`, `${API}/templates/order-confirmation`, `${API}/channels/nothing`])(
    "%s answers as GET does, without a body",
    async (path) => {
      const [get, head] = [await app.call("GET", path), await app.call("HEAD", path)];
      expect(head.status).toBe(get.status);
      expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
      const response = await fetchWorker(`https://onecall.test${path}`, {
        method: "HEAD",
        headers: app.headers,
      });
      expect(await response.text()).toBe("");
    },
  );
});

describe("a compressed body", () => {
  it.each([
    ["POST", `${API}/notifications/send`],
    ["POST", "/v1/notifications/messages"],
    ["POST", "/v1/storage/uploads"],
    ["PUT", `${API}/templates/t`],
  ])("is 415 that says so: %s %s", async (method, path) => {
    for (const encoding of ["gzip", "br", "deflate, gzip"]) {
      const { status, headers, body } = await app.call(method, path, {}, { "content-encoding": encoding });
      expect([status, headers.get("accept-encoding")]).toEqual([415, "identity"]);
      expect((body.error === true ? body : body.error).message).toContain("Content-Encoding");
    }
  });

  it("that isn't one is read", async () => {
    const { status } = await app.api("GET", "/channels", undefined, { "content-encoding": "identity" });
    expect(status).toBe(200);
  });
});

describe("a browser from another origin", () => {
  const FEED = `${API}/feed`;
  const preflight = (path: string) =>
    call("OPTIONS", path, {
      headers: {
        origin: "https://shop.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type",
      },
    });

  it.each([FEED, `${FEED}/read-all`, `${FEED}/some-id/viewed`, `${FEED}/socket-ticket`])(
    "may call %s",
    async (path) => {
      const { status, headers, body } = await preflight(path);
      expect([status, body]).toEqual([204, ""]);
      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("access-control-allow-methods")).toMatch(/POST/);
      expect(headers.get("access-control-allow-headers")).toMatch(/authorization.*content-type/);
      expect(headers.get("access-control-allow-credentials")).toBeNull();
    },
  );

  it("may post a presigned form, and read what comes back", async () => {
    const path = "/v1/storage/uploads";
    const { status, headers } = await preflight(path);
    expect([status, headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
    const answer = await call("POST", path, { headers: { origin: "https://shop.example" } });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([400, "*"]);
    for (const name of ["etag", "location", "retry-after"])
      expect(answer.headers.get("access-control-expose-headers")).toContain(name);
  });

  it("may send whatever headers tracing adds", async () => {
    const asked = "authorization,traceparent,sentry-trace,x-requested-with,idempotency-key";
    const answer = await call("OPTIONS", FEED, {
      headers: { origin: "https://shop.example", "access-control-request-headers": asked },
    });
    expect(answer.headers.get("access-control-allow-headers")).toBe(asked);
    const odd = await call("OPTIONS", FEED, { headers: { "access-control-request-headers": "<a>" } });
    expect(odd.headers.get("access-control-allow-headers")).not.toContain("<");
  });

  it("may read the feed's answers, refusals and errors too", async () => {
    const asUser = await app.asUser("jane");
    for (const answer of [
      await asUser("GET", "/feed"),
      await asUser("POST", "/feed/nothing/viewed"),
      await call("GET", FEED),
      await call("DELETE", FEED),
    ]) {
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      expect(answer.headers.get("access-control-expose-headers")).toMatch(/x-request-id/);
    }
  });

  it.each([
    `${API}/channels`,
    `${API}/notifications/send`,
    `${API}/feedback`,
    "/v3/business-messaging/api/users",
    "/admin/apps",
    "/health",
    "/nothing",
  ])("may not call %s", async (path) => {
    for (const answer of [await preflight(path), await app.call("GET", path)]) {
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      expect(answer.status).not.toBe(204);
    }
  });
});

it("shows nothing of another app's existence to a caller without credentials", async () => {
  const other = await createApp();
  const known = await call("GET", `${API}/channels`, { headers: { appid: other.id, apikey: "x" } });
  const unknown = await call("GET", `${API}/channels`, { headers: { appid: "nobody", apikey: "x" } });
  expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
});

describe("every answer", () => {
  it("tells a browser that it is no page, and nobody where it was found", async () => {
    const asUser = await app.asUser("jane");
    for (const { status, headers } of [
      await app.api("GET", "/channels"),
      await app.api("GET", "/channels/nothing"),
      await app.api("GET", "/notifications/x/deliveries.csv"),
      await app.api("POST", "/channels", "{"),
      await call("GET", "/health"),
      await call("GET", "/nothing"),
      await call("DELETE", "/health"),
      await call("HEAD", "/health"),
      await call("OPTIONS", `${API}/feed`),
      await asUser("GET", "/feed"),
      await call("POST", "/v1/storage/uploads"),
      await call("GET", "/admin/apps"),
    ]) {
      expect([status, headers.get("x-content-type-options")]).toEqual([status, "nosniff"]);
      expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
    }
  });

  it("says nothing of https over http", async () => {
    const response = await fetchWorker("http://onecall.test/health");
    expect(response.headers.get("strict-transport-security")).toBeNull();
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });
});

it("lets nobody's cache keep an answer", async () => {
  for (const answer of [await app.api("GET", "/templates"), await call("GET", "/nothing")]) {
    expect(answer.headers.get("cache-control")).toBe("no-store");
  }
});
