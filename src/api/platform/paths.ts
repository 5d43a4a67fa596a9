/** Seed 004 serves its API under `/v1`, and says that the send belongs to `/v2`. */
export const PLATFORM_PREFIXES = ["/v1/", "/v2/"] as const;
