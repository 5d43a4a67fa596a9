import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArguments, runScript } from "./arguments.ts";
import { firstCall, readAddress, UNKNOWN_ADDRESS } from "./deploy/address.ts";
import { chooseAdminToken } from "./deploy/admin-token.ts";
import { DeployFailure, runDeployCommand } from "./deploy/command.ts";
import { EMPTY_STATE, planDeploy, type Step } from "./deploy/plan.ts";
import { type DeploySettings, readDeploySettings, writeConfigWithNamespaces } from "./deploy/settings.ts";
import { readDeployState, STATE_COMMANDS } from "./deploy/state.ts";
import { bold, dim, green, red } from "./terminal.ts";

const USAGE = `Usage: npm run deploy -- [--dry-run]

Creates what Onecall needs in your Cloudflare account and deploys it. Run it again at any time: what
exists is left alone.

  --dry-run  show every command, and build the Worker without uploading it: no account needed

ADMIN_TOKEN sets the admin token where none is set yet; otherwise you are asked for one.`;

await runScript(USAGE, async () => {
  const options = readArguments({ "dry-run": { type: "boolean", default: false } }, USAGE);
  const settings = readDeploySettings();
  try {
    await (options["dry-run"] ? dryRun(settings) : deploy(settings));
  } catch (error) {
    if (!(error instanceof DeployFailure)) {
      throw error;
    }
    console.error(`\n${red(`✗ ${error.message}`)}\n${showCommand(error.command)}\n\n${error.output}\n`);
    console.error(`${bold("What to do:")} ${error.advice} Then run npm run deploy again; it continues here.`);
    process.exitCode = 1;
  }
});

async function deploy(settings: DeploySettings): Promise<void> {
  console.log(`${bold(`Deploying ${settings.workerName}`)}\n`);
  const plan = planDeploy(settings, await readDeployState(settings));
  for (const name of plan.present) {
    console.log(`  ${green("✓")} ${name} ${dim("is there")}`);
  }
  const adminToken = plan.steps.some((step) => step.stdin) ? await chooseAdminToken() : null;
  let address = UNKNOWN_ADDRESS;
  for (const step of plan.steps) {
    process.stdout.write(`  ${dim("•")} ${step.title} … `);
    address = (await runStep(step, adminToken?.value ?? "")) ?? address;
    console.log(green("done"));
  }
  console.log(`\n${green("✓")} Onecall runs at ${bold(address)}\n`);
  if (adminToken?.generated) {
    console.log(`Admin token, shown only this once: ${bold(adminToken.value)}\n`);
  }
  console.log(firstCall(address));
}

async function dryRun(settings: DeploySettings): Promise<void> {
  console.log(`${bold("What npm run deploy does in an account without Onecall")}\n`);
  console.log(`  Look at what is there`);
  for (const command of Object.values(STATE_COMMANDS)) {
    console.log(showCommand(command));
  }
  const { steps } = planDeploy(settings, EMPTY_STATE);
  for (const step of steps) {
    console.log(
      `  ${step.title}\n${showCommand(step.command)}${step.stdin ? dim("   # through stdin") : ""}`,
    );
  }
  console.log(`\n${bold("The build, without uploading it")}\n`);
  const command = ["deploy", "--dry-run", "--outdir", join(".wrangler", "dry-run")];
  const { stdout } = await runDeployCommand("Build the Worker", command);
  console.log(`${showCommand(command)}\n\n${stdout.trim()}\n`);
  console.log(`Afterwards:\n\n${firstCall(UNKNOWN_ADDRESS)}`);
}

/** @returns the address, where the step is one that tells it. */
async function runStep(step: Step, adminToken: string): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), "onecall-deploy-"));
  const report = join(folder, "report.ndjson");
  const config = step.namespaces && writeConfigWithNamespaces(step.namespaces);
  try {
    await runDeployCommand(step.title, [...step.command, ...(config ? ["--config", config] : [])], {
      doneAlready: step.doneAlready,
      stdin: step.stdin && adminToken,
      env: { WRANGLER_OUTPUT_FILE_PATH: report },
    });
    return step.command[0] === "deploy" ? readAddress(readFileSync(report, "utf8")) : null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    if (config) rmSync(config, { force: true });
  }
}

function showCommand(command: readonly string[]): string {
  return dim(`    $ npx wrangler ${command.join(" ")}`);
}
