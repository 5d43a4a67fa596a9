import * as v from "valibot";
import { ChannelTypeSchema, CountSchema, named } from "../schemas.ts";

/** Seed 003: all were delivered to, or the job is queued. */
export const CampaignSentSchema = v.strictObject({
  data: v.variant("mode", [
    named(
      "CampaignSentRealtime",
      v.strictObject({
        notificationId: v.string(),
        channels: v.array(ChannelTypeSchema),
        mode: v.literal("realtime"),
      }),
    ),
    named(
      "CampaignSentBatch",
      v.strictObject({
        batchId: v.string(),
        total: CountSchema,
        channels: v.array(ChannelTypeSchema),
        mode: v.literal("batch"),
      }),
    ),
  ]),
});
