/** Where both vendors have their users. */
export const USERS_PATH = "/v3/users";

/** Sendbird's callers send `Api-Token`, CometChat's `apikey`. */
export function isSendbirdCall(headers: Headers): boolean {
  return headers.has("api-token") && !headers.has("apikey");
}
