import { createHash } from "node:crypto";

/** A file that the Worker serves as it is. */
export interface Asset {
  /** Relative to the folder of assets, with slashes. */
  path: string;
  contents: string | Uint8Array;
}

/** What belongs together: its files, and the lines that `_headers` has for them. */
export interface Bundle {
  assets: Asset[];
  headers: string;
}

/** Ten characters that are other ones for other contents, as they stand in a file's name. */
export function hashOf(contents: string): string {
  return createHash("sha256").update(contents).digest("base64url").replace(/[-_]/g, "").slice(0, 10);
}
