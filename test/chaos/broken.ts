import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { green, red } from "../../scripts/terminal.ts";
import { runPlan, SeenFault } from "./one-run.ts";
import type { Plan } from "./plan.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ENTRY = "test/chaos/worker/entry.ts";
/** All that the Worker of chaos is made of. */
const COPIED = ["src", "test/chaos/worker", "package.json", "tsconfig.json"];

/** A fault that is built in: a text of a source, and what stands in its place. */
interface Breakage {
  name: string;
  file: string;
  right: string;
  wrong: string;
}

/** Chaos must see each of these. Where a source changes, its entry here does: test/e2e/chaos-breakages.test.ts. */
export const BREAKAGES: readonly Breakage[] = [
  {
    name: "a segment counted twice",
    file: "src/objects/user-shard/segment-inserts.ts",
    right: "if (stored !== null && this.#segments.has(header.id, part)) return true;",
    wrong: `if (stored !== null && this.#segments.has(header.id, part)) {
      const again = emptyTotals(header.channels);
      for (const { channelKey, status, reason } of outcomes) {
        addToTotals(again, channelKey, status, reason, request.targets.count, now);
      }
      this.#deliveries.addCounts({ header, pushData, target: null }, again);
      return true;
    }`,
  },
  {
    name: "a mark without its rows",
    file: "src/objects/user-shard/arrivals.ts",
    right: "const brought = this.#bringInFrom(taken, userId);",
    wrong: "const brought = this.#bringInFrom(taken.filter(({ seq }) => seq % 3 !== 0), userId);",
  },
  {
    name: "a hit missed",
    file: "src/objects/user-shard/segment-store.ts",
    right: "if (place >= 0) hits.push(",
    wrong: "if (place >= 0 && hash % 5 !== 0) hits.push(",
  },
];

/** Runs a plan on a copy of the product for each breakage. True where chaos has seen all of them. */
export async function runBroken(plan: Plan, tell: (what: string) => void): Promise<boolean> {
  let hasSeenAll = true;
  for (const breakage of BREAKAGES) {
    const folder = await mkdtemp(join(tmpdir(), "onecall-broken-"));
    try {
      await copyBroken(folder, breakage);
      const violations = await findViolations(plan, join(folder, ENTRY), tell);
      const [first] = violations;
      if (first === undefined) {
        hasSeenAll = false;
        console.log(red(`✗ ${breakage.name}: chaos has seen nothing`));
      } else console.log(green(`✓ ${breakage.name}: seen, ${violations.length} faults. The first: ${first}`));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return hasSeenAll;
}

async function findViolations(
  plan: Plan,
  entry: string,
  tell: (what: string) => void,
): Promise<readonly string[]> {
  try {
    return (await runPlan(plan, { tell, keep: false, broken: { entry } })).violations;
  } catch (error) {
    if (error instanceof SeenFault) return error.violations;
    throw error;
  }
}

async function copyBroken(folder: string, { name, file, right, wrong }: Breakage): Promise<void> {
  for (const path of COPIED) await cp(join(ROOT, path), join(folder, path), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, file), await breakSource({ name, file, right, wrong }));
}

/** A source with its fault built in. Throws where the source doesn't have the right text once. */
export async function breakSource({ name, file, right, wrong }: Breakage): Promise<string> {
  const parts = (await readFile(join(ROOT, file), "utf8")).split(right);
  if (parts.length !== 2) throw new Error(`${name}: ${file} doesn't have this once: ${right}`);
  return parts.join(wrong);
}
