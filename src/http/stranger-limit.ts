import type { LookupGuard } from "../copies/lookup-guard.ts";
import type { Bindings } from "../env.ts";
import { OnecallError } from "../model/errors.ts";
import { ADMIN_GUESSES, STRANGER_LOOKUPS, STRANGER_LOOKUPS_IN_ALL } from "../model/limits.ts";
import type { Context } from "./context.ts";
import { limitRate } from "./rate-limit.ts";
import { TokenBuckets } from "./token-buckets.ts";

/**
 * Who shows credentials that nothing vouches for: no check, no copy. Looking them up costs a call of an object,
 * so such calls are few, by address, by the app that is claimed, and in all.
 */

const MAX_KEYS = 5000;
const byAddress = new TokenBuckets({ ...STRANGER_LOOKUPS, maxKeys: MAX_KEYS });
const byApp = new TokenBuckets({ ...STRANGER_LOOKUPS, maxKeys: MAX_KEYS });
const inAll = new TokenBuckets({ ...STRANGER_LOOKUPS_IN_ALL, maxKeys: 1 });
const guesses = new TokenBuckets({ ...ADMIN_GUESSES, maxKeys: MAX_KEYS });

/** The longest that a refused stranger has to wait: the binding's period in wrangler.toml, seconds. */
const PERIOD_SECONDS = 60;

/** Lets a call ask an object about unproven credentials, or throws a 429. */
export function guardLookups({ env, address }: Pick<Context, "env" | "address">): LookupGuard {
  return async (appId) => {
    const counters: [TokenBuckets, string][] = [
      [byApp, appId],
      [inAll, ""],
    ];
    if (address !== null) counters.push([byAddress, address]);
    const waitMs = Math.max(...counters.map(([buckets, key]) => buckets.waitMs(key)));
    if (waitMs > 0) throw tooManyStrangers(Math.ceil(waitMs / 1000));
    for (const [buckets, key] of counters) buckets.take(key);
    // Beside this isolate's own buckets, a binding counts for all isolates of a location.
    const names = [`app:${appId}`, ...(address === null ? [] : [`address:${address}`])];
    const allowed = await Promise.all(names.map((key) => isAllowed(env, key)));
    if (allowed.includes(false)) throw tooManyStrangers(PERIOD_SECONDS);
  };
}

/** Before an admin token is compared: who guesses is slow. */
export function limitGuesses({ address }: Pick<Context, "address">): void {
  const waitMs = address === null ? 0 : guesses.waitMs(address);
  if (waitMs > 0) throw tooManyStrangers(Math.ceil(waitMs / 1000));
}

export function countGuess({ address }: Pick<Context, "address">): void {
  if (address !== null) guesses.take(address);
}

/** Counts wrong credentials against their address, in the deployment's own limit. Throws where that is used up. */
export async function countWrongCredentials({
  env,
  address,
}: Pick<Context, "env" | "address">): Promise<void> {
  await limitRate(env, `wrong:${address ?? "nowhere"}`);
}

/**
 * Where a request comes from, as Cloudflare says; null where it doesn't (on one machine). Of IPv6 the first 64
 * bits: a customer has at least as many addresses as follow them.
 */
export function addressOf(request: Request): string | null {
  const address = request.headers.get("cf-connecting-ip");
  if (address === null || !address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  return [...groups, ...Array<string>(zeros).fill("0"), ...after].slice(0, 4).join(":");
}

async function isAllowed(env: Bindings, key: string): Promise<boolean> {
  if (env.STRANGER_LIMIT === undefined) return true;
  try {
    return (await env.STRANGER_LIMIT.limit({ key })).success;
  } catch (error) {
    // The isolate's own counters hold.
    console.error({ message: "the limit of strangers can't be asked", error });
    return true;
  }
}

function tooManyStrangers(seconds: number): OnecallError {
  return new OnecallError(
    "ERR_TOO_MANY_REQUESTS",
    "Too many calls with credentials that aren't known. Repeat this one later.",
    { headers: { "retry-after": String(seconds) } },
  );
}
