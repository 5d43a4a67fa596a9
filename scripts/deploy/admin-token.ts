import { generateToken } from "../admin-token.ts";
import { UsageError } from "../arguments.ts";
import { askHidden } from "../terminal.ts";

const ADMIN_TOKEN_PATTERN = /^[\x21-\x7e]{16,}$/;

/**
 * The admin token of a deployment: `ADMIN_TOKEN`, or what the person types, or a generated one; null where there is
 * no terminal to ask at, as in a build pipeline: then the admin routes stay closed until somebody sets it.
 *
 * @throws {UsageError} when it is too weak.
 */
export async function chooseAdminToken(): Promise<{ value: string; generated: boolean } | null> {
  if (!process.env.ADMIN_TOKEN && !process.stdin.isTTY) return null;
  const value = process.env.ADMIN_TOKEN || (await promptForAdminToken());
  if (value === "") {
    return { value: generateToken(), generated: true };
  }
  if (!ADMIN_TOKEN_PATTERN.test(value)) {
    throw new UsageError(
      "The admin token needs 16 or more characters: letters, digits and signs, no spaces.",
    );
  }
  return { value, generated: false };
}

async function promptForAdminToken(): Promise<string> {
  const answer = await askHidden("\n  Admin token for this deployment (Enter generates one): ");
  if (answer === null) {
    console.error("Cancelled. Nothing was changed.");
    process.exit(130);
  }
  return answer.trim();
}
