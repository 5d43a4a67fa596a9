/** A module of the package: what `exports` (or `bin`) of package.json names. */
export interface Entry {
  /** Its source. What is built of it has the same path in dist/. */
  source: string;
  /** With all that it imports of the package, minified and compressed, kB: who loads it in a browser pays that. */
  maxGzipKb?: number;
}

export const ENTRIES: readonly Entry[] = [
  { source: "src/client/index.ts", maxGzipKb: 6 },
  { source: "src/client/webhooks.ts", maxGzipKb: 2 },
  { source: "src/client/cli/main.ts" },
  { source: "src/inbox/index.ts", maxGzipKb: 15 },
  { source: "src/inbox/react.ts" },
  { source: "src/inbox/vue.ts" },
  { source: "src/inbox/svelte.ts" },
];

/** `src/client/index.ts` as `client/index`. */
export function nameOf({ source }: Entry): string {
  return source.replace(/^src\//, "").replace(/\.tsx?$/, "");
}
