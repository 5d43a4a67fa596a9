import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { styleText } from "node:util";

/** Colours: `styleText` drops them where the output isn't a terminal or NO_COLOR is set. */
export const bold = (text: string) => styleText("bold", text);
export const dim = (text: string) => styleText("dim", text);
export const green = (text: string) => styleText("green", text);
export const red = (text: string) => styleText("red", text);
export const cyan = (text: string) => styleText("cyan", text);

/** Asks without showing what is typed. Null when the person presses Ctrl-C or closes the input. */
export async function askHidden(question: string): Promise<string | null> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const cancelled = new AbortController();
  terminal.once("SIGINT", () => cancelled.abort());
  terminal.once("close", () => cancelled.abort());
  process.stdout.write(question);
  try {
    return await terminal.question("", { signal: cancelled.signal });
  } catch (error) {
    if (cancelled.signal.aborted) {
      return null;
    }
    throw error;
  } finally {
    terminal.close();
    process.stdout.write("\n");
  }
}

/** The time since a `performance.now()`, for people. */
export function formatTime(sinceMs: number): string {
  const ms = performance.now() - sinceMs;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
