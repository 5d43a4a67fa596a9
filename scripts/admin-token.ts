import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "./arguments.ts";

const ADMIN_TOKEN_FILE = "admin-token";
const SECRETS_KEY_FILE = "secrets-key";
const TOKEN_PATTERN = /^[A-Za-z0-9_-]+$/;

/** 192 random bits as letters, digits, `_` and `-`: safe in a header, a shell and a URL. */
export function generateToken(): string {
  return randomBytes(24).toString("base64url");
}

/**
 * The admin token of a local Worker: `ONECALL_ADMIN_TOKEN`, or one that is generated once and kept
 * beside the state, so that a restart doesn't lock its owner out.
 *
 * @throws {UsageError} when the variable has other characters or the folder can't be written.
 */
export function localAdminToken(stateFolder: string, fromEnvironment: string | undefined): string {
  if (fromEnvironment) {
    if (!TOKEN_PATTERN.test(fromEnvironment)) {
      throw new UsageError("ONECALL_ADMIN_TOKEN may have letters, digits, _ and - only.");
    }
    return fromEnvironment;
  }
  return keepToken(stateFolder, ADMIN_TOKEN_FILE);
}

/**
 * What a local Worker's apps have their secrets sealed with: generated once and kept beside the state, which can't be
 * read without it.
 *
 * @throws {UsageError} when the folder can't be written.
 */
export function localSecretsKey(stateFolder: string): string {
  return keepToken(stateFolder, SECRETS_KEY_FILE);
}

function keepToken(stateFolder: string, fileName: string): string {
  const path = join(stateFolder, fileName);
  try {
    mkdirSync(stateFolder, { recursive: true });
    return readToken(path) ?? createToken(path);
  } catch (error) {
    throw new UsageError(
      `The state folder ${stateFolder} can't be used: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

// A file that was cut short or edited into something else is replaced, not trusted.
function readToken(path: string): string | null {
  try {
    const token = readFileSync(path, "utf8").trim();
    return TOKEN_PATTERN.test(token) ? token : null;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return null;
    }
    throw error;
  }
}

function createToken(path: string): string {
  const token = generateToken();
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  return token;
}
