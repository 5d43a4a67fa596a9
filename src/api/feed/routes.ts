import * as v from "valibot";
import { listWebPushKeys } from "../../channels/push/web-push/public-keys.ts";
import { BY_LOOKER, BY_USER } from "../../http/access.ts";
import { issueTicket } from "../../http/feed-tokens.ts";
import { decodeCursor, LimitSchema, toPage } from "../../http/pagination.ts";
import { isoTime, json } from "../../http/responses.ts";
import { defineRoute, type Route } from "../../http/route.ts";
import { parsedJson, parsedQuery } from "../../http/route-input.ts";
import type { Engagement } from "../../model/engagement.ts";
import { MAX_FEED_MARKS } from "../../model/limits.ts";
import { requireValue } from "../../model/outcome.ts";
import { BooleanTextSchema } from "../../text/schemas.ts";
import { API } from "../business-messaging/paths.ts";
import { CountSchema, pageOf } from "../schemas.ts";
import { FeedItemSchema, MarkedItemsSchema, PushKeySchema, TicketSchema } from "./answers.ts";
import { deleteOwnDevice, getOwnDevices, postOwnDevice } from "./devices.ts";
import { FEED_EXAMPLES, MARK_EXAMPLES, TICKET_EXAMPLES, UNREAD_EXAMPLES } from "./examples.ts";
import { openFeedSocket } from "./socket.ts";

const FeedQuerySchema = v.object({
  limit: LimitSchema,
  cursor: v.optional(v.string()),
  unread: v.optional(BooleanTextSchema),
  tag: v.optional(v.string()),
});

const EngagementSchema = v.object(
  { channelKey: v.nullish(v.string("must be a channel's key")) },
  "must be a JSON object",
);

const ViewsSchema = v.object(
  {
    items: v.pipe(
      v.array(
        v.object(
          {
            notificationId: v.string("must be a notification's id"),
            channelKey: v.nullish(v.string("must be a channel's key")),
          },
          "must be {notificationId, channelKey}",
        ),
        "must be a list of items",
      ),
      v.minLength(1, "must name an item at least"),
      v.maxLength(MAX_FEED_MARKS, `must have at most ${MAX_FEED_MARKS} items`),
    ),
  },
  "must be a JSON object",
);

const getFeed = defineRoute({
  id: "listFeed",
  method: "GET",
  path: `${API}/feed`,
  access: BY_LOOKER,
  summary: "The user's in-app notifications, newest first",
  query: parsedQuery(FeedQuerySchema),
  answers: { 200: pageOf(FeedItemSchema) },
  examples: FEED_EXAMPLES,
  handle: async ({ token, shard, query }) => {
    const { limit, cursor, unread, tag } = query;
    const [notificationId, channelKey] = decodeCursor(cursor, 2) ?? [];
    const before =
      notificationId !== undefined && channelKey !== undefined ? { notificationId, channelKey } : null;
    const filter = { before, unread: unread === true, tag: tag ?? null, limit: limit + 1 };
    const items = requireValue(await shard.listFeed(token, filter));
    return json(toPage(items, limit, (item) => [item.notificationId, item.channelKey]));
  },
});

const getUnreadCount = defineRoute({
  id: "countUnread",
  method: "GET",
  path: `${API}/feed/unread-count`,
  access: BY_LOOKER,
  summary: "Items without a view",
  answers: { 200: v.strictObject({ count: CountSchema }) },
  examples: UNREAD_EXAMPLES,
  handle: async ({ token, shard }) => {
    return json({ count: requireValue(await shard.countUnread(token)) });
  },
});

function markRoute(kind: Engagement, id: string, summary: string): Route {
  return defineRoute({
    id,
    summary,
    method: "POST",
    path: `${API}/feed/:notification/${kind}`,
    access: BY_USER,
    body: parsedJson(EngagementSchema, { isOptional: true }),
    answers: { 200: MarkedItemsSchema },
    errors: ["ERR_NOT_FOUND"],
    examples: kind === "viewed" ? MARK_EXAMPLES : [],
    handle: async ({ token, shard, params, body }) => {
      const marked = await shard.markFeedItem(token, params.notification, body.channelKey ?? null, kind);
      return json({ data: requireValue(marked) });
    },
  });
}

const postViewed = defineRoute({
  id: "markItemsViewed",
  method: "POST",
  path: `${API}/feed/viewed`,
  access: BY_USER,
  summary: "Several items were seen: each is counted once. The answer leaves out what isn't in the feed",
  body: parsedJson(ViewsSchema),
  answers: { 200: MarkedItemsSchema },
  handle: async ({ token, shard, body }) => {
    const marks = body.items.map(({ notificationId, channelKey = null }) => ({ notificationId, channelKey }));
    return json({ data: requireValue(await shard.markViewed(token, marks)) });
  },
});

const postReadAll = defineRoute({
  id: "markAllViewed",
  method: "POST",
  path: `${API}/feed/read-all`,
  access: BY_USER,
  summary: "Every unread item becomes viewed",
  answers: { 200: v.strictObject({ viewed: CountSchema }) },
  handle: async ({ token, shard }) => {
    return json({ viewed: requireValue(await shard.markAllViewed(token)) });
  },
});

const getPushKeys = defineRoute({
  id: "listPushKeys",
  method: "GET",
  path: `${API}/feed/push-keys`,
  access: BY_USER,
  summary: "What a page subscribes to Web Push with, by push channel",
  answers: { 200: pageOf(PushKeySchema) },
  handle: async ({ token, shard, env }) => {
    requireValue(await shard.checkToken(token));
    return json({ data: await listWebPushKeys(env, token.appId), nextCursor: null });
  },
});

const postSocketTicket = defineRoute({
  id: "createSocketTicket",
  method: "POST",
  path: `${API}/feed/socket-ticket`,
  access: BY_USER,
  summary: "What a browser puts into the socket's query once, instead of its token",
  answers: { 201: TicketSchema },
  errors: ["ERR_NOT_FOUND"],
  examples: TICKET_EXAMPLES,
  handle: async ({ token, shard, env }) => {
    requireValue(await shard.checkToken(token));
    // A ticket keeps its token's time: a user deleted since then stays deleted.
    const { token: ticket, expiresAt } = await issueTicket(env, token);
    return json({ ticket, expiresAt: isoTime(expiresAt) }, 201);
  },
});

/** The routes of a user's client. */
export const feedRoutes: Route[] = [
  getFeed,
  getUnreadCount,
  openFeedSocket,
  postSocketTicket,
  postViewed,
  postReadAll,
  getPushKeys,
  getOwnDevices,
  postOwnDevice,
  deleteOwnDevice,
  markRoute("viewed", "markViewed", "A notification was seen: counted once"),
  markRoute("clicked", "markClicked", "A notification was clicked: counted once"),
];
