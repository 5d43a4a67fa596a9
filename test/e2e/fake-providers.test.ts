import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertFcmError, assertReason } from "../support/providers/assertions.ts";
import { type Device, type FakeProject, FakeProviders, type FaultRule } from "../support/providers/client.ts";
import {
  apnsJwt,
  apnsRequest,
  fcmRequest,
  requestToken,
  send,
  webPushRequest,
} from "../support/providers/requests.ts";
import { startFakeProviders } from "../support/providers/server.ts";

let server: Awaited<ReturnType<typeof startFakeProviders>>;
let providers: FakeProviders;

before(async () => {
  server = await startFakeProviders();
  providers = new FakeProviders(server.url);
});
after(() => server.stop());

describe("Faults", () => {
  it("answers with the status, Retry-After and the real provider's body", async () => {
    const { project, devices } = await webPushProject(1);
    await project.setFaults([{ status: 429, retryAfter: "7", headers: { "x-note": "busy" } }]);
    const answer = await send(webPushRequest(project, devices[0]));
    assert.equal(answer.status, 429);
    assert.equal(answer.headers.get("retry-after"), "7");
    assert.equal(answer.headers.get("x-note"), "busy");
    assert.equal(JSON.parse(answer.text).code, 429);
    assert.equal((await project.received()).received.length, 0);
    const { webpush } = await project.summary();
    assert.deepEqual([webpush.requests, webpush.faulted, webpush.accepted], [1, 1, 0]);
  });

  it("has APNs and FCM say it in their own words, or in the rule's", async () => {
    const project = await providers.createProject();
    const [phone] = await project.createDevices("apns");
    const [android] = await project.createDevices("fcm");
    const access = JSON.parse((await requestToken(project)).text).access_token;
    await project.setFaults([
      { provider: "apns", status: 503 },
      { provider: "fcm", status: 503, times: 1 },
      { provider: "fcm", status: 502, body: "oops" },
    ]);
    assertReason(
      await send(apnsRequest(server.url, await apnsJwt(project), phone)),
      503,
      "ServiceUnavailable",
    );
    assertFcmError(await send(fcmRequest(project, access, android)), 503, "UNAVAILABLE", "UNAVAILABLE");
    const custom = await send(fcmRequest(project, access, android));
    assert.deepEqual([custom.status, custom.text], [502, "oops"]);
  });

  it("befalls a share, a number of times, or one device", async () => {
    const { project, devices } = await webPushProject(2);
    const statuses = async (rules: FaultRule[]) => {
      await project.setFaults(rules);
      const answers: number[] = [];
      for (let turn = 0; turn < 6; turn += 1) {
        answers.push((await send(webPushRequest(project, devices[turn % 2]))).status);
      }
      return answers;
    };
    assert.deepEqual(await statuses([{ share: 1 / 3, status: 500 }]), [201, 201, 500, 201, 201, 500]);
    assert.deepEqual(await statuses([{ times: 2, status: 500 }]), [500, 500, 201, 201, 201, 201]);
    const device = devices[1]?.endpoint;
    assert.deepEqual(await statuses([{ device, status: 500 }]), [201, 500, 201, 500, 201, 500]);
    assert.deepEqual(await statuses([{ provider: "apns", status: 500 }]), Array(6).fill(201));
  });

  it("delays an answer, and counts who waits at once", async () => {
    const { project, devices } = await webPushProject(3);
    await project.setFaults([{ delayMs: 150 }]);
    const start = performance.now();
    await Promise.all(devices.map((device) => send(webPushRequest(project, device))));
    assert.ok(performance.now() - start >= 145);
    const { webpush } = await project.summary();
    assert.deepEqual([webpush.maxConcurrent, webpush.accepted, webpush.devices], [3, 3, 3]);
  });

  it("drops the connection before the push counts, or after it: then the repeat shows", async () => {
    const { project, devices } = await webPushProject(1);
    const request = webPushRequest(project, devices[0]);
    await project.setFaults([
      { drop: true, times: 1 },
      { drop: true, accept: true, times: 1 },
    ]);
    await assert.rejects(send(request), /fetch failed/);
    assert.equal((await project.received()).received.length, 0);
    await assert.rejects(send(request), /fetch failed/);
    assert.equal((await project.received()).received.length, 1);
    assert.equal((await send(request)).status, 201);
    const { webpush } = await project.summary();
    assert.deepEqual([webpush.requests, webpush.accepted, webpush.faulted, webpush.repeated], [3, 2, 2, 1]);
  });
});

describe("The control API", () => {
  it("says what is wrong with its input", async () => {
    const project = await providers.createProject();
    await assert.rejects(project.setFaults([{ status: 42 }]), /400.*rules\.0\.status/);
    await assert.rejects(project.setFaults([{ provider: "fcm" }]), /400.*does nothing/);
    await assert.rejects(project.markGone("nobody"), /404.*no device nobody/);
    const unknown = await fetch(`${server.url}/_control/projects/none/summary`);
    assert.equal(unknown.status, 404);
    assert.equal((await fetch(`${server.url}/_control/health`)).status, 200);
  });

  it("makes 10,000 devices at once, keeps as many pushes as asked, and forgets them", async () => {
    const project = await providers.createProject({ keepReceived: 1 });
    const devices = await project.createDevices("webpush", 10_000);
    assert.equal(new Set(devices.map(({ endpoint }) => endpoint)).size, 10_000);
    await send(webPushRequest(project, devices[0]));
    await send(webPushRequest(project, devices[1]));
    assert.equal((await project.received()).received.length, 1);
    assert.equal((await project.summary()).webpush.accepted, 2);
    await project.clear();
    assert.deepEqual(await project.received(), { received: [], rejected: [] });
    assert.equal((await project.summary()).webpush.requests, 0);
  });
});

async function webPushProject(
  count: number,
): Promise<{ project: FakeProject; devices: Device<"webpush">[] }> {
  const project = await providers.createProject();
  return { project, devices: await project.createDevices("webpush", count) };
}
