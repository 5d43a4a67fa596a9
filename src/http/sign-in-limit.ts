import { OnecallError } from "../model/errors.ts";
import { SIGN_INS } from "../model/limits.ts";
import type { Context } from "./context.ts";
import { TokenBuckets } from "./token-buckets.ts";

const signIns = new TokenBuckets({ ...SIGN_INS, maxKeys: 5000 });
/** The binding's period in wrangler.toml, seconds. */
const PERIOD_SECONDS = 60;

/** One sign-in of an address, right or wrong. Throws where it had too many in a minute, before anything is asked. */
export async function limitSignIns({ env, address }: Pick<Context, "env" | "address">): Promise<void> {
  const key = address ?? "nowhere";
  const waitMs = signIns.waitMs(key);
  if (waitMs > 0) throw tooMany(Math.ceil(waitMs / 1000));
  signIns.take(key);
  if (env.SIGN_IN_LIMIT === undefined) return;
  const { success } = await env.SIGN_IN_LIMIT.limit({ key }).catch((error: unknown) => {
    // This isolate's own count holds.
    console.error({ message: "the limit of sign-ins can't be asked", error });
    return { success: true };
  });
  if (!success) throw tooMany(PERIOD_SECONDS);
}

function tooMany(seconds: number): OnecallError {
  return new OnecallError(
    "ERR_TOO_MANY_REQUESTS",
    `Too many sign-ins from this address. Wait ${seconds} seconds.`,
    { headers: { "retry-after": String(seconds) } },
  );
}
