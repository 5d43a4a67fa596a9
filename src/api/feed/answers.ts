import * as v from "valibot";
import { named, OpenTimeSchema, TextOrNullSchema, TimeSchema } from "../schemas.ts";

/** What a user's client is answered. */

export const FeedItemSchema = named(
  "FeedItem",
  v.strictObject({
    notificationId: v.string(),
    templateKey: v.string(),
    channelKey: v.string(),
    title: TextOrNullSchema,
    tag: TextOrNullSchema,
    // The rendered template.
    content: v.unknown(),
    createdAt: TimeSchema,
    viewedAt: OpenTimeSchema,
    clickedAt: OpenTimeSchema,
  }),
);

export const MarkedItemsSchema = v.strictObject({ data: v.array(FeedItemSchema) });
export const PushKeySchema = v.strictObject({ channelKey: v.string(), publicKey: v.string() });
export const TicketSchema = v.strictObject({ ticket: v.string(), expiresAt: TimeSchema });
