import * as v from "valibot";
import { sendTestPush } from "../../channels/push/test-push.ts";
import { authenticate } from "../../http/auth.ts";
import { readJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { json } from "../../http/responses.ts";
import { checkInput, perUserIdRule, textSchema, UserIdSchema } from "../../http/validation.ts";
import { faultsToError, OnecallError } from "../../model/errors.ts";
import type { DeviceOutcome } from "../../model/push.ts";
import { canonicalUserId } from "../../model/user-ids.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { isObject, readPushData } from "../send-checks.ts";
import { deviceNotFound } from "./devices.ts";

const testSchema = perUserIdRule(UserIdSchema, (userId) =>
  v.object(
    {
      userId,
      deviceId: v.nullish(v.string("must be the id of one of the user's devices")),
      title: v.optional(textSchema(256), "Test"),
      body: v.optional(textSchema(1024), "A test push by Onecall."),
    },
    "must be a JSON object",
  ),
);

/** `POST {api}/channels/{idOrKey}/test`: one push to one device, and what the provider said. Counts nothing. */
export const postChannelTest: Handler = async (request, context) => {
  const { env } = context;
  const { app } = await authenticate(request, context, "send");
  const given = await readJson(request, true);
  const { value, faults } = checkInput(testSchema(app), given);
  // From the body itself: its faults belong in the answer also where the schema found others.
  const data = readPushData(isObject(given) ? given.data : undefined, "data", null, faults);
  if (faults.length > 0 || value === null) throw faultsToError(faults);
  const { deviceId, title, body } = value;
  const userId = canonicalUserId(app, value.userId);
  const channel = await getRegistryStub(env, app.id).getChannel(pathParam(request, "channel"));
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
};

function presentOutcome(outcome: DeviceOutcome): object {
  return {
    outcome: outcome.outcome,
    reason: "reason" in outcome ? outcome.reason : null,
    message: "message" in outcome ? outcome.message : null,
    retryAfterSeconds:
      outcome.outcome === "retry" && outcome.afterMs !== null ? Math.ceil(outcome.afterMs / 1000) : null,
  };
}
