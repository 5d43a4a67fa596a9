import * as v from "valibot";
import { sendTest } from "../../channels/dispatch/send-test.ts";
import { findDispatched } from "../../channels/table.ts";
import { byApiKey } from "../../http/access.ts";
import { readJson } from "../../http/body.ts";
import { json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody } from "../../http/route-input.ts";
import { checkInput, perUserIdRule, textSchema, UserIdSchema } from "../../http/validation.ts";
import type { AddressOutcome } from "../../model/dispatch.ts";
import { faultsToError, OnecallError } from "../../model/errors.ts";
import { NO_CHANNEL } from "../../model/missing.ts";
import { requireFound, requireValue } from "../../model/outcome.ts";
import { canonicalUserId, KEEPS_USER_IDS } from "../../model/user-ids.ts";
import { getRegistryStub } from "../../objects/registry/contract.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { isObject, readPushData } from "../send-checks.ts";
import { API } from "./paths.ts";
import { ChannelTestSchema } from "./settings-answers.ts";

const testSchema = perUserIdRule(UserIdSchema, (userId) =>
  v.object(
    {
      userId,
      deviceId: v.nullish(v.string("must be the id of one of the user's devices")),
      title: v.optional(textSchema(256), "Test"),
      body: v.optional(textSchema(1024), "A test message by Onecall."),
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
  summary:
    "One push to one device, or one call to a user's webhook address, and what was answered; counts nothing",
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
    const channel = requireFound(await getRegistryStub(env, app.id).getChannel(params.channel), NO_CHANNEL);
    const dispatched = findDispatched(channel.type);
    if (dispatched === null) {
      throw new OnecallError(
        "ERR_BAD_REQUEST",
        `The channel "${channel.key}" calls nobody: there is nothing to test.`,
      );
    }
    const shard = getShardStubOf(env, app, userId);
    const addresses = requireValue(await shard.listAddresses(userId, channel.type, null));
    const chosen = requireValue(dispatched.test.choose(addresses, deviceId ?? null, channel.providers));
    const test = { content: { title, body }, data };
    const place = { channel: dispatched, key: channel.key };
    const { outcome, status, durationMs } = await sendTest(env, app, place, userId, chosen, test);
    return json({ ...dispatched.test.present(chosen), ...presentOutcome(outcome), status, durationMs });
  },
});

function presentOutcome(outcome: AddressOutcome): object {
  return {
    outcome: outcome.outcome,
    reason: "reason" in outcome ? outcome.reason : null,
    message: "message" in outcome ? outcome.message : null,
    retryAfterSeconds:
      outcome.outcome === "retry" && outcome.afterMs !== null ? Math.ceil(outcome.afterMs / 1000) : null,
  };
}
