import * as v from "valibot";
import { sendTestPush } from "../../channels/push/test-push.ts";
import { byApiKey } from "../../http/access.ts";
import { readJson } from "../../http/body.ts";
import { json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody } from "../../http/route-input.ts";
import { checkInput, perUserIdRule, textSchema, UserIdSchema } from "../../http/validation.ts";
import { faultsToError, OnecallError } from "../../model/errors.ts";
import type { DeviceOutcome } from "../../model/push.ts";
import { canonicalUserId, KEEPS_USER_IDS } from "../../model/user-ids.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { isObject, readPushData } from "../send-checks.ts";
import { deviceNotFound } from "./devices.ts";
import { API } from "./paths.ts";
import { ChannelTestSchema } from "./settings-answers.ts";

const testSchema = perUserIdRule(UserIdSchema, (userId) =>
  v.object(
    {
      userId,
      deviceId: v.nullish(v.string("must be the id of one of the user's devices")),
      title: v.optional(textSchema(256), "Test"),
      body: v.optional(textSchema(1024), "A test push by Onecall."),
      // Read by `readPushData`, whose limits it has.
      data: v.optional(v.unknown()),
    },
    "must be a JSON object",
  ),
);

export const postChannelTest = defineRoute({
  id: "testChannel",
  method: "POST",
  path: `${API}/channels/:channel/test`,
  access: byApiKey("send"),
  summary: "One push to one device, and what the provider said; counts nothing",
  body: ownBody(testSchema(KEEPS_USER_IDS)),
  answers: { 200: ChannelTestSchema },
  errors: ["ERR_NOT_FOUND"],
  handle: async (call) => {
    const { app, env, request, params } = call;
    const given = await readJson(request, true);
    const { value, faults } = checkInput(testSchema(app), given);
    // From the body itself: its faults belong in the answer also where the schema found others.
    const data = readPushData(isObject(given) ? given.data : undefined, "data", null, faults);
    if (faults.length > 0 || value === null) throw faultsToError(faults);
    const { deviceId, title, body } = value;
    const userId = canonicalUserId(app, value.userId);
    const channel = await getRegistryStub(env, app.id).getChannel(params.channel);
    if (channel === null) throw new OnecallError("ERR_NOT_FOUND", "There is no such channel.");
    if (channel.type !== "push") {
      throw new OnecallError("ERR_BAD_REQUEST", `The channel "${channel.key}" isn't a push channel.`);
    }
    const devices = await getShardStubOf(env, app, userId).listDevices(userId, null);
    if (devices === "revoked") throw new Error("A server's call needs no token");
    const device = deviceId ? devices.find(({ id }) => id === deviceId) : devices[0];
    if (device === undefined) throw deviceNotFound();
    const { provider } = device.address;
    if (!channel.providers.has(provider)) {
      throw faultsToError([
        {
          field: "deviceId",
          message: `is a device of ${provider}, which this channel has no configuration for`,
        },
      ]);
    }
    const test = { content: { title, body }, data };
    const { outcome, status, durationMs } = await sendTestPush(env, app, channel.key, userId, device, test);
    return json({ deviceId: device.id, provider, ...presentOutcome(outcome), status, durationMs });
  },
});

function presentOutcome(outcome: DeviceOutcome): object {
  return {
    outcome: outcome.outcome,
    reason: "reason" in outcome ? outcome.reason : null,
    message: "message" in outcome ? outcome.message : null,
    retryAfterSeconds:
      outcome.outcome === "retry" && outcome.afterMs !== null ? Math.ceil(outcome.afterMs / 1000) : null,
  };
}
