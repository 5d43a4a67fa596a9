import { MAX_PAGE_BYTES } from "../model/limits.ts";
import { jsonText } from "./responses.ts";

/**
 * A JSON answer whose text is made piece by piece. One that is short is made whole before it is given, so that
 * whatever fails has an answer of its own; of a long one only a piece is held, and it ends early where that fails.
 */
export async function jsonPieces(pieces: AsyncGenerator<string>): Promise<Response> {
  let text = "";
  while (text.length <= MAX_PAGE_BYTES) {
    const { value, done } = await pieces.next();
    if (done) return jsonText(text);
    text += value;
  }
  const encoder = new TextEncoder();
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(text));
    },
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
  return jsonText(stream);
}
