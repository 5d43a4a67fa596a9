import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateToken } from "./admin-token.ts";
import { readArguments, runScript } from "./arguments.ts";
import { firstCall, readAddress, UNKNOWN_ADDRESS } from "./deploy/address.ts";
import { chooseAdminToken } from "./deploy/admin-token.ts";
import { DeployFailure, runDeployCommand } from "./deploy/command.ts";
import { EMPTY_STATE, planDeploy, type SecretName, type Step } from "./deploy/plan.ts";
import { type DeploySettings, nameOption, readDeploySettings, writeDeployConfig } from "./deploy/settings.ts";
import { readDeployState, stateCommands } from "./deploy/state.ts";
import { bold, dim, green, red } from "./terminal.ts";

const USAGE = `Usage: npm run deploy -- [--dry-run] [--name NAME]

Creates what Onecall needs in your Cloudflare account and deploys it. Run it again at any time: what
exists is left alone.

  --dry-run    show every command, and build the Worker without uploading it: no account needed
  --name NAME  another installation in the same account: a Worker of that name with queues, a bucket, a KV namespace
               and data of its own

ADMIN_TOKEN sets the admin token where none is set yet; otherwise you are asked for one. Without a terminal nobody
can be asked: then Onecall is deployed with its admin routes closed, until you set the secret.`;

await runScript(USAGE, async () => {
  const options = readArguments(
    { "dry-run": { type: "boolean", default: false }, name: { type: "string" } },
    USAGE,
  );
  const settings = readDeploySettings(options.name);
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
  const asksForToken = plan.steps.some((step) => step.stdin === "ADMIN_TOKEN");
  const adminToken = asksForToken ? await chooseAdminToken() : null;
  // Without a terminal no secret is made: who runs this sets both.
  const isClosed = asksForToken && adminToken === null;
  const open = isClosed ? plan.steps.filter((step) => step.stdin !== undefined) : [];
  // Nobody needs to know it: another takes its place without it.
  const secrets = { ADMIN_TOKEN: adminToken?.value ?? "", SECRETS_KEY: generateToken() };
  let address = UNKNOWN_ADDRESS;
  for (const step of plan.steps.filter((planned) => !open.includes(planned))) {
    process.stdout.write(`  ${dim("•")} ${step.title} … `);
    address = (await runStep(settings, step, secrets)) ?? address;
    console.log(green("done"));
  }
  console.log(`\n${green("✓")} Onecall runs at ${bold(address)}\n`);
  if (adminToken?.generated) {
    console.log(`Admin token, shown only this once: ${bold(adminToken.value)}\n`);
  }
  if (open.length > 0) {
    console.log(
      `${bold("The admin routes are closed:")} there was no terminal to ask for an admin token at. Set it, and a key of 32 random characters or more that seals the secrets of apps:\n`,
    );
    const commands = open.toReversed().map((step) => showCommand(step.command));
    console.log(`${commands.join("\n")}\n`);
  }
  console.log(firstCall(address));
}

async function dryRun(settings: DeploySettings): Promise<void> {
  console.log(`${bold("What npm run deploy does in an account without Onecall")}\n`);
  console.log(`  Look at what is there`);
  for (const command of Object.values(stateCommands(settings))) {
    console.log(showCommand(command));
  }
  const { steps } = planDeploy(settings, EMPTY_STATE);
  for (const step of steps) {
    console.log(
      `  ${step.title}\n${showCommand(step.command)}${step.stdin ? dim("   # through stdin") : ""}`,
    );
  }
  console.log(`\n${bold("The build, without uploading it")}\n`);
  const command = ["deploy", "--dry-run", "--outdir", join(".wrangler", "dry-run"), ...nameOption(settings)];
  const { stdout } = await runDeployCommand("Build the Worker", command);
  console.log(`${showCommand(command)}\n\n${stdout.trim()}\n`);
  console.log(`Afterwards:\n\n${firstCall(UNKNOWN_ADDRESS)}`);
}

/** @returns the address, where the step is one that tells it. */
async function runStep(
  settings: DeploySettings,
  step: Step,
  secrets: Record<SecretName, string>,
): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), "onecall-deploy-"));
  const report = join(folder, "report.ndjson");
  const isDeploy = step.command[0] === "deploy";
  const needsConfig = isDeploy && (settings.isNamed || step.namespaces !== undefined);
  const config = needsConfig && writeDeployConfig(settings, step.namespaces ?? new Map());
  try {
    await runDeployCommand(step.title, [...step.command, ...(config ? ["--config", config] : [])], {
      doneAlready: step.doneAlready,
      stdin: step.stdin && secrets[step.stdin],
      env: { WRANGLER_OUTPUT_FILE_PATH: report },
    });
    return isDeploy ? readAddress(readFileSync(report, "utf8")) : null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    if (config) rmSync(config, { force: true });
  }
}

function showCommand(command: readonly string[]): string {
  return dim(`    $ npx wrangler ${command.join(" ")}`);
}
