/** The base path of seeds 000 to 002. */
export const API = "/v3/business-messaging/api";
