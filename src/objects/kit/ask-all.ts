/** Objects that one call of a Worker asks at the same time: more would only wait, each with its answer in memory. */
export const AT_ONCE = 64;

/** The answers of many objects, in their order. The first failure ends it. */
export async function askAll<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    answers.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(ask))));
  }
  return answers;
}
