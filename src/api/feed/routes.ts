import * as v from "valibot";
import { listWebPushKeys } from "../../copies/web-push-keys.ts";
import { readOptionalJson } from "../../http/body.ts";
import { type Handler, pathParam } from "../../http/context.ts";
import { issueTicket } from "../../http/feed-tokens.ts";
import { decodeCursor, LimitSchema, toPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import type { Route } from "../../http/router.ts";
import { parseInput, queryOf } from "../../http/validation.ts";
import type { Engagement } from "../../model/engagement.ts";
import { OnecallError } from "../../model/errors.ts";
import { deleteOwnDevice, getOwnDevices, postOwnDevice } from "./devices.ts";
import { openReader, requireAccepted } from "./reader.ts";
import { openFeedSocket } from "./socket.ts";

const BOOLEAN_MESSAGE = 'must be "true" or "false"';

const FeedQuerySchema = v.object({
  limit: LimitSchema,
  cursor: v.optional(v.string()),
  unread: v.optional(v.picklist(["true", "false"], BOOLEAN_MESSAGE)),
  tag: v.optional(v.string()),
});

const EngagementSchema = v.object(
  { channelKey: v.nullish(v.string("must be a channel's key")) },
  "must be a JSON object",
);

/** `GET {api}/feed`: the user's in-app notifications, newest first. */
const getFeed: Handler = async (request, context) => {
  const { token, shard } = await openReader(request, context);
  const { limit, cursor, unread, tag } = parseInput(FeedQuerySchema, queryOf(context.url));
  const [notificationId, channelKey] = decodeCursor(cursor, 2) ?? [];
  const before =
    notificationId !== undefined && channelKey !== undefined ? { notificationId, channelKey } : null;
  const filter = { before, unread: unread === "true", tag: tag ?? null, limit: limit + 1 };
  const items = requireAccepted(await shard.listFeed(token, filter));
  return json(toPage(items, limit, (item) => [item.notificationId, item.channelKey]));
};

/** `GET {api}/feed/unread-count` */
const getUnreadCount: Handler = async (request, context) => {
  const { token, shard } = await openReader(request, context);
  return json({ count: requireAccepted(await shard.countUnread(token)) });
};

/** `POST {api}/feed/{notificationId}/viewed` and `…/clicked` `{channelKey?}`: counted once. */
function postEngagement(kind: Engagement): Handler {
  return async (request, context) => {
    const { token, shard } = await openReader(request, context);
    const { channelKey } = parseInput(EngagementSchema, await readOptionalJson(request));
    const notificationId = pathParam(request, "notification");
    const marked = await shard.markFeedItem(token, notificationId, channelKey ?? null, kind);
    const items = requireAccepted(marked);
    if (items === null) throw new OnecallError("ERR_NOT_FOUND", "This user's feed has no such notification.");
    return json({ data: items });
  };
}

/** `POST {api}/feed/read-all`: every unread item becomes viewed. */
const postReadAll: Handler = async (request, context) => {
  const { token, shard } = await openReader(request, context);
  return json({ viewed: requireAccepted(await shard.markAllViewed(token)) });
};

/** `GET {api}/feed/push-keys`: what a page subscribes to Web Push with, by push channel. */
const getPushKeys: Handler = async (request, context) => {
  const { token, shard } = await openReader(request, context);
  requireAccepted((await shard.acceptsToken(token)) ? true : "revoked");
  return json({ data: await listWebPushKeys(context.env, token.appId), nextCursor: null });
};

/** `POST {api}/feed/socket-ticket`: what a browser puts into the socket's query once, instead of its token. */
const postSocketTicket: Handler = async (request, context) => {
  const { token, shard } = await openReader(request, context);
  requireAccepted((await shard.acceptsToken(token)) ? true : "revoked");
  // A ticket keeps its token's time: a user deleted since then stays deleted.
  const { token: ticket, expiresAt } = await issueTicket(context.env, token);
  return json({ ticket, expiresAt: isoTime(expiresAt) }, 201);
};

export function feedRoutes(api: string): Route[] {
  return [
    ["GET", `${api}/feed`, getFeed],
    ["GET", `${api}/feed/unread-count`, getUnreadCount],
    ["GET", `${api}/feed/socket`, openFeedSocket],
    ["POST", `${api}/feed/socket-ticket`, postSocketTicket],
    ["POST", `${api}/feed/read-all`, postReadAll],
    ["GET", `${api}/feed/push-keys`, getPushKeys],
    ["GET", `${api}/feed/devices`, getOwnDevices],
    ["POST", `${api}/feed/devices`, postOwnDevice],
    ["DELETE", `${api}/feed/devices/:device`, deleteOwnDevice],
    ["POST", `${api}/feed/:notification/viewed`, postEngagement("viewed")],
    ["POST", `${api}/feed/:notification/clicked`, postEngagement("clicked")],
  ];
}
