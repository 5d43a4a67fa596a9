import { refuse } from "./outcome.ts";

/** A token that was issued to a user. Its time of issue (Unix ms) is its own among the user's: it stands for it. */
export type TokenTimes = { issuedAt: number; expiresAt: number };

/** With the generation of the root secret that it was signed with: the first for those of earlier versions. */
export type IssuedToken = TokenTimes & { generation: number };

/** To whoever shows a token that is none, was revoked, or is from before its user was deleted: one can't tell which. */
export const REFUSED_TOKEN = refuse(
  "ERR_UNAUTHORIZED",
  "The token isn't valid. Ask your server for a new one.",
);
/** To whoever shows a token that we signed and whose time is over. */
export const EXPIRED_TOKEN = refuse(
  "ERR_UNAUTHORIZED",
  "The token has expired. Ask your server for a new one.",
);
