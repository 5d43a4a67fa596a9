/** A namespace whose objects can be called as ever, and that counts the calls. */
export interface CountedNamespace<T extends Rpc.DurableObjectBranded | undefined> {
  namespace: DurableObjectNamespace<T>;
  /** The methods called, each with its object's name. */
  calls: { object: string; method: string }[];
}

export function countCalls<T extends Rpc.DurableObjectBranded | undefined>(
  namespace: DurableObjectNamespace<T>,
): CountedNamespace<T> {
  const calls: { object: string; method: string }[] = [];
  const counted = {
    getByName(object: string) {
      const stub = namespace.getByName(object) as unknown as Record<
        string,
        (...args: unknown[]) => Promise<unknown>
      >;
      return new Proxy(stub, {
        get: (target, method: string) =>
          // Not a promise: who awaits a stub gets it.
          method === "then"
            ? undefined
            : (...args: unknown[]) => {
                calls.push({ object, method });
                return target[method]?.(...args);
              },
      });
    },
  };
  return { namespace: counted as unknown as DurableObjectNamespace<T>, calls };
}
