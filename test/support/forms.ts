import type { Fields } from "./targets-files.ts";

/** Parts of a multipart body with the boundary `x`, and requests that carry one. */

/** One part with its headers and its line break. */
export const part = (head: string, body: string) =>
  `--x\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
export const fieldParts = (signed: Fields) =>
  Object.entries(signed)
    .map(([name, value]) => part(`name="${name}"`, value))
    .join("");

/** A form's bytes in the given pieces. */
export function requestOf(pieces: readonly Uint8Array[]): Request {
  const rest = pieces.filter(({ length }) => length > 0);
  // A byte stream, as the platform's bodies are; a read gets one piece.
  const body = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const piece = rest.shift();
      if (piece !== undefined) controller.enqueue(piece.slice());
      else {
        controller.close();
        controller.byobRequest?.respond(0);
      }
    },
  });
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const headers = { "content-type": "multipart/form-data; boundary=x", "content-length": String(length) };
  return new Request("https://onecall.test/", { method: "POST", headers, body });
}
