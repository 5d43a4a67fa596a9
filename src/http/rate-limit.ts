import type { Bindings } from "../env.ts";
import { OnecallError } from "../model/errors.ts";

/** The longest that a refused caller has to wait: the binding's period in wrangler.toml, seconds. */
const PERIOD_SECONDS = 60;

/** One request of a caller that has its own limit. Throws where it is used up; then nothing has been done. */
export async function limitRate(env: Bindings, caller: string): Promise<void> {
  // A deployment may go without.
  if (env.RATE_LIMIT === undefined) return;
  const { success } = await env.RATE_LIMIT.limit({ key: caller }).catch((error: unknown) => {
    // The limit protects the service; without it the service still works.
    console.error({ message: "the rate limit can't be asked", error });
    return { success: true };
  });
  if (success) return;
  throw new OnecallError("ERR_TOO_MANY_REQUESTS", "Too many requests in a minute. Repeat this one later.", {
    headers: { "retry-after": String(PERIOD_SECONDS) },
  });
}
