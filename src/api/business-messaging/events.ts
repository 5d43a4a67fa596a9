import { v5 as uuidv5 } from "uuid";
import * as v from "valibot";
import { CHANNEL_TYPES } from "../../channels/table.ts";
import type { Bindings } from "../../env.ts";
import { byApiKey } from "../../http/access.ts";
import { readJson } from "../../http/body.ts";
import { json } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownBody } from "../../http/route-input.ts";
import { checkInput, perUserIdRule, StoredUserIdSchema } from "../../http/validation.ts";
import type { AppRecord } from "../../model/app.ts";
import type { ClientEngagement } from "../../model/engagement.ts";
import { faultsToError } from "../../model/errors.ts";
import { parseNotificationId } from "../../model/ids.ts";
import { NO_DELIVERY } from "../../model/missing.ts";
import { type Outcome, requireValue, succeed } from "../../model/outcome.ts";
import { KEEPS_USER_IDS } from "../../model/user-ids.ts";
import { getShardStubOf } from "../../objects/user-shard/contract.ts";
import { choiceSchema } from "../../text/schemas.ts";
import { listTargetIds } from "../named-users.ts";
import { RecordedSchema } from "./answers.ts";
import { API } from "./paths.ts";

const EVENT_TYPES = ["delivered", "viewed", "clicked"] as const;
/** What event ids are made in (RFC 9562, section 5.5): chosen once, by chance. */
const EVENT_NAMESPACE = "5b2f7a0e-6c39-4f7e-9d1c-2f8b0a64c1d7";

const ID_MESSAGE = "must be the id of a notification of any family";
const eventSchema = perUserIdRule(StoredUserIdSchema, (userId) =>
  v.object(
    {
      notificationId: v.nullish(v.string(ID_MESSAGE)),
      campaignId: v.nullish(v.string(ID_MESSAGE)),
      userId,
      channelType: choiceSchema(CHANNEL_TYPES),
      channelKey: v.nullish(v.string("must be a channel's key")),
      eventType: choiceSchema(EVENT_TYPES),
    },
    "must be a JSON object",
  ),
);

export const postEvent = defineRoute({
  id: "recordEvent",
  method: "POST",
  path: `${API}/analytics/events`,
  access: byApiKey("send"),
  summary: "Record that a user's client has a notification, or that its user saw or clicked it",
  body: ownBody(eventSchema(KEEPS_USER_IDS)),
  answers: { 200: RecordedSchema },
  errors: ["ERR_NOT_FOUND", "ERR_CONFLICT"],
  handle: async ({ app, env, request }) => {
    const { value, faults } = checkInput(eventSchema(app), await readJson(request));
    const notificationId = value?.notificationId ?? value?.campaignId;
    if (value !== null && (notificationId === null || notificationId === undefined)) {
      faults.push({ field: "notificationId", message: `is required (or campaignId) and ${ID_MESSAGE}` });
    }
    if (value?.notificationId && value.campaignId) {
      faults.push({ field: "campaignId", message: "must be absent where notificationId is given" });
    }
    if (faults.length > 0 || value === null || !notificationId) throw faultsToError(faults);
    const { channelType, channelKey = null, eventType: kind } = value;
    const event = { notificationId, kind, channelKey, channelType };
    const told = await tellOfEvent(env, app, listTargetIds(value.userId, app), event);
    const userId = requireValue(told);
    const name = JSON.stringify([app.id, notificationId, userId, channelKey ?? channelType, kind]);
    return json({ success: true, eventId: uuidv5(name, EVENT_NAMESPACE) });
  },
});

/** Tells the shard of the first of these users who has such a delivery; returns which it was. */
async function tellOfEvent(
  env: Bindings,
  app: AppRecord,
  userIds: readonly string[],
  event: Omit<ClientEngagement, "userId">,
): Promise<Outcome<string>> {
  if (parseNotificationId(event.notificationId) === null) return NO_DELIVERY;
  for (const userId of userIds) {
    const recorded = await getShardStubOf(env, app, userId).recordEngagement({ ...event, userId });
    if (recorded.ok) return succeed(userId);
    if (recorded.code !== NO_DELIVERY.code) return recorded;
  }
  return NO_DELIVERY;
}
