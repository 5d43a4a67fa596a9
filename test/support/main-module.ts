/**
 * For each call of the Worker and of each object the test pool imports src/index.ts anew: what it finds is always the
 * same, but the way there is 40 % of what a small call costs. So its module runner remembers it, once it is loaded.
 */

interface ModuleRunner {
  import(id: string, options?: { invalidate?: boolean }): Promise<unknown>;
}

declare global {
  var __vitest_mocker__: { moduleRunner?: ModuleRunner } | undefined;
}

const remembers = Symbol.for("onecall.main-module-is-remembered");

function rememberMainModule(runner: ModuleRunner): void {
  if (remembers in runner) return;
  const load = runner.import.bind(runner);
  const loaded = new Map<string, unknown>();
  const remember = async (id: string, options?: { invalidate?: boolean }): Promise<unknown> => {
    if (loaded.has(id)) return loaded.get(id);
    const module = await load(id, options);
    if (id.endsWith("/src/index.ts")) loaded.set(id, module);
    return module;
  };
  Object.assign(runner, { [remembers]: true, import: remember });
}

const runner = globalThis.__vitest_mocker__?.moduleRunner;
if (runner === undefined) throw new Error("The test pool has no module runner any more");
rememberMainModule(runner);

export {};
