/**
 * An object's methods as its callers see them. The platform's own RPC types turn tuples into arrays and give
 * up on recursive JSON; all that our methods take and return is plain data, so this is all there is to it.
 */
export type Remote<T> = {
  [K in Exclude<keyof T, "fetch" | "alarm" | `webSocket${string}`>]: T[K] extends (
    ...args: infer A
  ) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
} & Pick<Fetcher, "fetch">;
