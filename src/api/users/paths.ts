/** Where both vendors have their users. */
export const USERS_PATH = "/v3/users";
