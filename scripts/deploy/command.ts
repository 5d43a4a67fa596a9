import { stripVTControlCharacters } from "node:util";
import { runWrangler, type WranglerResult } from "../wrangler.ts";

/** A step that failed: what it was, what wrangler said, and what to do about it. */
export class DeployFailure extends Error {
  readonly command: readonly string[];
  readonly output: string;

  constructor(title: string, command: readonly string[], output: string) {
    super(title);
    this.command = command;
    this.output = output;
  }

  get advice(): string {
    return ADVICE.find(([pattern]) => pattern.test(this.output))?.[1] ?? "Correct what the message says.";
  }
}

// The first that matches counts: causes of the whole account come first.
const ADVICE: [RegExp, string][] = [
  [/more than one account/i, "Set CLOUDFLARE_ACCOUNT_ID to the account that should run Onecall."],
  [
    /not authenticated|not logged in|wrangler login|CLOUDFLARE_API_TOKEN|"loggedIn":\s*false/i,
    "Log in with `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.",
  ],
  [/enable R2|code: 10042/i, "Enable R2 for the account once: dash.cloudflare.com, Storage & databases, R2."],
  [
    /code: 10000|Authentication error|permission/i,
    "The API token needs the permissions Workers Scripts, Workers KV Storage, Workers R2 Storage and Queues: Edit.",
  ],
  [
    /code: 10014/,
    "Name the KV namespace that exists by its id in wrangler.toml (`npx wrangler kv namespace list`).",
  ],
  [
    /workers\.dev subdomain|code: 10063/i,
    "Choose the account's workers.dev name once: dash.cloudflare.com, Workers & Pages.",
  ],
  [/fetch failed|ENOTFOUND|ECONNREFUSED|ETIMEDOUT/i, "Check the connection to api.cloudflare.com."],
];

/**
 * Runs one wrangler command of the deployment.
 *
 * @param options.doneAlready a refusal that counts as success.
 * @throws {DeployFailure}
 */
export async function runDeployCommand(
  title: string,
  command: readonly string[],
  options: { doneAlready?: RegExp; stdin?: string; env?: Record<string, string> } = {},
): Promise<WranglerResult> {
  const result = await runWrangler(command, { stdin: options.stdin, env: options.env });
  const output = stripVTControlCharacters(`${result.stdout}\n${result.stderr}`);
  if (result.code !== 0 && !options.doneAlready?.test(output)) {
    // What comes before the error is the usual report.
    throw new DeployFailure(title, command, output.slice(Math.max(0, output.indexOf("✘"))).trim());
  }
  return result;
}
