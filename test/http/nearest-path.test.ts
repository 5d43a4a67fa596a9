import { describe, expect, it } from "vitest";
import { nearestPath } from "../../src/http/nearest-path.ts";
import { API, call } from "../support/api.ts";
import { ROUTE_CASES } from "../support/routes.ts";

const PATTERNS = ROUTE_CASES.map(({ pattern }) => pattern);

describe("a path that there isn't", () => {
  it.each([
    ["/v3/business-messaging/api/notification", `${API}/notifications`],
    ["/v3/business-messaging/api/Notifications/send", `${API}/notifications/send`],
    ["/v3/business_messaging/api/notifications/send", `${API}/notifications/send`],
    ["/business-messaging/api/channels", `${API}/channels`],
    [
      "/v3/business-messaging/api/templates/order/version/3",
      `${API}/templates/{template}/versions/{version}`,
    ],
    ["/v3/business-messaging/api/user/mia/devices", `${API}/users/{uid}/devices`],
    ["/admin/app", "/admin/apps"],
    ["/v1/storage/target_files", "/v1/storage/targets_files"],
    ["/notifications/message", "/notifications/messages"],
    ["/openapi.yaml", null],
    ["/healthz", "/health"],
    ["/wp-login.php", null],
    ["/.env", null],
    ["/", null],
    [`/${"a/".repeat(1000)}`, null],
    [`/${"x".repeat(8000)}`, null],
  ])("%s is near to %s", (path, nearest) => {
    expect(nearestPath(path, PATTERNS)).toBe(nearest);
  });

  it("is told in its family's envelope", async () => {
    const ours = await call("POST", `${API}/notification/send`);
    expect([ours.status, ours.body.error.message]).toEqual([
      404,
      `There is nothing at this path. Did you mean ${API}/notifications/send?`,
    ]);
    const platform = await call("POST", "/v1/notification/messages");
    expect([platform.status, platform.body]).toEqual([
      404,
      {
        error: true,
        code: 400201,
        message: "There is nothing at this path. Did you mean /v1/notifications/messages?",
      },
    ]);
    const nowhere = await call("GET", "/wp-login.php");
    expect(nowhere.body.error.message).toBe("There is nothing at this path.");
  });
});
