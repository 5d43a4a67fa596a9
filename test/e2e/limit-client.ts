import { request } from "node:http";

/** In place of a status: the connection was closed before an answer could be read. */
export const CLOSED = 0;

export interface Answer {
  status: number;
  text: string;
}

/**
 * A call whose answer is read also where it comes while the body is still being sent: a Worker that refuses a body
 * before its end closes the connection. Where that is faster than the answer the call is repeated once.
 */
export async function callWithBody(
  url: string,
  method: string,
  headers: Record<string, string>,
  body: string,
): Promise<Answer> {
  const bytes = Buffer.from(body);
  const first = await callOnce(url, method, headers, bytes);
  return first.status === CLOSED ? callOnce(url, method, headers, bytes) : first;
}

function callOnce(
  url: string,
  method: string,
  headers: Record<string, string>,
  body: Buffer,
): Promise<Answer> {
  return new Promise((resolve) => {
    const call = request(url, {
      method,
      agent: false,
      headers: { "content-type": "application/json", ...headers, "content-length": body.length },
    });
    // An error of the connection after the answer began changes nothing: what has come of it is read.
    call.on("error", () => resolve({ status: CLOSED, text: "" }));
    call.on("response", async (response) => {
      const pieces: Buffer[] = [];
      try {
        for await (const piece of response) pieces.push(Buffer.from(piece));
        resolve({ status: response.statusCode ?? CLOSED, text: Buffer.concat(pieces).toString() });
      } catch {
        resolve({ status: CLOSED, text: "" });
      }
    });
    call.end(body);
  });
}
