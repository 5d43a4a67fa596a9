import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type LocalWorker, startLocalWorker } from "../../scripts/local-worker.ts";
import { ROOT } from "../../scripts/wrangler.ts";
import { Onecall } from "../../src/client/index.ts";
import { ANY_RUNTIME, PROGRAM, TYPED } from "./client/assertions.ts";
import { testExamples } from "./client/examples.ts";
import { makeProject, packPackage } from "./client/package.ts";
import { createReadyApp, type ReadyApp } from "./client/ready-app.ts";
import { mustRun, run } from "./client/run.ts";

const TSC = join(ROOT, "node_modules", ".bin", "tsc");
const COMPILER_OPTIONS = {
  target: "es2022",
  module: "nodenext",
  strict: true,
  noEmit: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
};
/** With the binary of this machine in it. */
const DENO = "deno@2.9.6";
const INSTALL_TIMEOUT_MS = 600_000;
const TYPES = join(ROOT, "node_modules", "@types");

/** Where a user's program may run, as the compiler is told. */
const RUNTIMES: Record<string, object> = {
  Node: { lib: ["es2024"], types: ["node"], typeRoots: [TYPES] },
  "a browser": { lib: ["es2022", "dom", "dom.iterable"], types: [] },
  Workers: { lib: ["es2022"], types: [join(ROOT, "node_modules", "@cloudflare", "workers-types")] },
};

describe("the package, installed", () => {
  const folder = mkdtempSync(join(tmpdir(), "onecall-package-"));
  let tarball = "";
  const project = join(folder, "user");
  const declarations = join(project, "onecall-templates.d.ts");
  let worker: LocalWorker;
  let app: ReadyApp;

  before(async () => {
    const [packed, started] = await Promise.all([
      packPackage(folder),
      startLocalWorker({ persistTo: join(folder, "state") }),
    ]);
    tarball = packed;
    worker = started;
    app = await createReadyApp(worker);
    await makeProject(project, tarball);
  });
  after(async () => {
    await worker?.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  });

  const onecallTypes = (args: readonly string[], env: Record<string, string> = {}) =>
    run(join(project, "node_modules", ".bin", "onecall"), ["types", ...args], {
      cwd: project,
      env: { ONECALL_URL: worker.url, ONECALL_API_KEY: app.apiKey, ...env },
    });

  function compile(program: string, options: object, files: readonly string[] = []) {
    writeFileSync(join(project, "program.ts"), program);
    const compilerOptions = { ...COMPILER_OPTIONS, ...options };
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["program.ts", ...files] }),
    );
    return run(TSC, ["-p", "."], { cwd: project });
  }

  test("brings no other package along", () => {
    const installed = readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."));
    assert.deepEqual(installed, ["onecall"]);
  });

  /** What a user's program did by the package, in some runtime. */
  async function runProgram(cwd: string, command: string, args: readonly string[], env = {}): Promise<void> {
    writeFileSync(join(cwd, "program.mjs"), PROGRAM);
    const said = await mustRun(command, [...args, "program.mjs", worker.url, app.apiKey], { cwd, env });
    const { node, ...rest } = JSON.parse(said);
    assert.match(node, /^v(2[0-9]|[3-9])/);
    assert.deepEqual(rest, {
      told: 1,
      delivered: 1,
      code: "ERR_INVALID_VARIABLES",
      fault: "missing_headers",
    });
  }

  test("runs in the machine's own Node", () => runProgram(project, "node", []));

  test("runs in Deno, whose compiler takes its types", { timeout: INSTALL_TIMEOUT_MS }, async () => {
    const cwd = join(folder, "deno");
    await makeProject(cwd, tarball, [DENO]);
    const deno = join(cwd, "node_modules", ".bin", "deno");
    const env = { DENO_DIR: join(folder, "deno-cache"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
    await runProgram(cwd, deno, ["run", "--no-prompt", `--allow-net=${new URL(worker.url).host}`], env);
    writeFileSync(join(cwd, "program.ts"), ANY_RUNTIME);
    await mustRun(deno, ["check", "program.ts"], { cwd, env });
  });

  for (const [runtime, options] of Object.entries(RUNTIMES)) {
    test(`has types that hold what they say, in ${runtime}`, async () => {
      const { stdout } = await compile(ANY_RUNTIME, options);
      assert.equal(stdout, "");
    });
  }

  test("onecall types makes the compiler check each template's variables", async () => {
    await app.onecall.templates.create({
      name: "Welcome */ declare const evil: 1;\u2028 //",
      key: "welcome",
      channelKeys: ["in-app"],
      content: { "in-app": { title: "Welcome" } },
    });
    const before = await onecallTypes([]);
    assert.deepEqual([before.code, before.stderr], [0, ""]);
    assert.doesNotMatch(readFileSync(declarations, "utf8"), /welcome/);
    // A draft can't be sent.
    assert.notEqual((await compile(TYPED, RUNTIMES.Node ?? {}, ["onecall-templates.d.ts"])).stdout, "");
    await app.onecall.templates.approve("welcome");
    const stale = await onecallTypes(["--check"]);
    assert.equal(stale.code, 1);
    assert.match(stale.stderr, /isn't what the templates are/);
    await onecallTypes(["--app", app.id]);
    assert.equal((await onecallTypes(["--check"])).code, 0);
    const { stdout } = await compile(TYPED, RUNTIMES.Node ?? {}, ["onecall-templates.d.ts"]);
    assert.equal(stdout, "");
    // Without the declarations, anything compiles that the API may take.
    assert.match((await compile(TYPED, RUNTIMES.Node ?? {})).stdout, /Unused '@ts-expect-error'/);
  });

  test("onecall types says in a line what is wrong", async () => {
    const other = await new Onecall({ url: worker.url, adminToken: worker.adminToken }).admin.createApp({
      name: "Other",
    });
    const cases: { args: string[]; env: Record<string, string>; code: number; says: RegExp }[] = [
      { args: ["--app", other.id], env: {}, code: 1, says: /^ERR_UNAUTHORIZED: / },
      { args: [], env: { ONECALL_API_KEY: "oc_wrong" }, code: 1, says: /^ERR_UNAUTHORIZED: / },
      { args: [], env: { ONECALL_API_KEY: "" }, code: 2, says: /^The variable ONECALL_API_KEY must be/ },
      { args: ["--url", "nowhere"], env: {}, code: 2, says: /^--url/ },
      { args: ["--outt", "a"], env: {}, code: 2, says: /--outt/ },
    ];
    for (const { args, env, code, says } of cases) {
      const result = await onecallTypes(args, env);
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stderr, says);
    }
  });

  testExamples(() => ({ folder, tarball, worker, app }));
});
