import { describe, expect, it } from "vitest";
import { CHANNEL_TYPES, DISPATCHED } from "../../src/channels/table.ts";

const SOURCES = import.meta.glob<string>("../../src/**/*.{ts,tsx}", {
  query: "?raw",
  import: "default",
  eager: true,
});

const NAMES = [
  ...new Set([
    ...CHANNEL_TYPES,
    ...DISPATCHED.flatMap(({ account, address }) =>
      [...account.providers, ...address.providers].map(({ name }) => name),
    ),
  ]),
];

/** Where such a word stands for something else, or in what was stored before there was a table of channels. */
const ALLOWED: readonly (readonly [file: string, line: string, why: string])[] = [
  [
    "objects/user-shard/dispatch-circuits.ts",
    'export const DISPATCH_DUTY = "push";',
    "the name under which the duty is stored",
  ],
  [
    "objects/user-shard/schema.ts",
    "ADD COLUMN channel_type TEXT NOT NULL DEFAULT 'push'",
    "a step of the schema: what is stored is of the one channel that there was",
  ],
  ["model/audit.ts", '"webhook",', "what the audit log is about: an endpoint of the app's own"],
  ["objects/registry/describe-change.ts", 'target: { type: "webhook"', "the same"],
];

interface Found {
  file: string;
  line: string;
}

/** Lines that have one of the names as a text of its own, in any quotes, outside src/channels. */
function listFound(): Found[] {
  const name = new RegExp(`(["'\`])(?:${NAMES.join("|")})\\1`);
  return Object.entries(SOURCES)
    .map(([path, text]) => ({ file: path.slice("../../src/".length), text }))
    .filter(({ file }) => !file.startsWith("channels/"))
    .flatMap(({ file, text }) =>
      text
        .split("\n")
        .filter((line) => name.test(line))
        .map((line) => ({ file, line: line.trim() })),
    );
}

/** Examples of calls and answers, as the documents have them, and types made of those: nothing is decided by them. */
const EXAMPLES = /^api\/.*examples\.ts$|^client\/api-types\/[\w-]+\.ts$/;

/** The dashboard's pages of channels, where forms and looks of each type are: it knows the service by its document. */
const PAGES = /^dashboard\/pages\/channels\//;

const isAllowed = ({ file, line }: Found): boolean =>
  EXAMPLES.test(file) ||
  PAGES.test(file) ||
  ALLOWED.some(([allowedFile, allowedLine]) => file === allowedFile && line.includes(allowedLine));

describe("outside src/channels", () => {
  it("no source names a type of channels or a provider", () => {
    expect(NAMES).toEqual(expect.arrayContaining(["in_app", "push", "fcm", "apns", "webpush"]));
    expect(listFound().filter((found) => !isAllowed(found))).toEqual([]);
  });

  it("what is allowed to is there", () => {
    const found = listFound();
    for (const [file, line] of ALLOWED) {
      expect(found.some((entry) => entry.file === file && entry.line.includes(line))).toBe(true);
    }
  });
});
