/** Seed 003's path, and the same under the vendor's base. */
export const CAMPAIGNS_PATHS = ["/v3/campaigns/notifications/messages", "/notifications/messages"];
