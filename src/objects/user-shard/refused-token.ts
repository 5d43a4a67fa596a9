import { refuse } from "../../model/outcome.ts";
import { INVALID_TOKEN } from "../../model/user-token.ts";

/** The caller is nobody any more: the token was revoked, or its user deleted or deactivated. */
export const REFUSED_TOKEN = refuse("ERR_UNAUTHORIZED", INVALID_TOKEN);
