import { globSync, readFileSync } from "node:fs";

/**
 * A clock that goes on only while the one workerd of this process runs its main thread, on which all of the Worker's
 * code runs: what else the machine does isn't in it. Throws where there isn't one such process (Linux).
 */
export function startCpuClock(): () => number {
  const own = globSync("/proc/[0-9]*").filter((folder) => {
    const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(readStat(folder)) ?? [];
    return name === "workerd" && Number(parent) === process.pid;
  });
  const [folder, ...others] = own;
  if (folder === undefined || others.length > 0) throw new Error(`There are ${own.length} workerd`);
  const [thread] = globSync(`${folder}/task/${folder.split("/").at(-1)}/schedstat`);
  if (thread === undefined) throw new Error("The kernel doesn't say how long a thread ran");
  return () => Number(readFileSync(thread, "utf8").split(" ")[0]) / 1e6;
}

/** Empty for a process that has ended meanwhile. */
function readStat(folder: string): string {
  try {
    return readFileSync(`${folder}/stat`, "utf8");
  } catch {
    return "";
  }
}
