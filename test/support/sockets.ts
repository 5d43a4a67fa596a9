import { API, type Body, fetchWorker } from "./api.ts";

/** A feed socket as a client sees it. */
export interface OpenSocket {
  status: number;
  /** What the server chose of the offered subprotocols. */
  protocol: string | null;
  /** Every message so far, parsed, in order. */
  messages: Body[];
  /** Code and reason of the close, null while it is open. */
  closed: { code: number; reason: string } | null;
  send: (text: string) => void;
  close: () => void;
}

/** Opens a feed socket. Throws where the server refuses; {@link trySocket} shows how. */
export async function openSocket(
  protocols: string[],
  query = "",
  headers: Record<string, string> = {},
): Promise<OpenSocket> {
  const response = await trySocket(protocols, query, "websocket", headers);
  const { webSocket } = response;
  if (webSocket === null) throw new Error(`No socket: ${response.status} ${await response.text()}`);
  const socket: OpenSocket = {
    status: response.status,
    protocol: response.headers.get("sec-websocket-protocol"),
    messages: [],
    closed: null,
    send: (text) => webSocket.send(text),
    close: () => webSocket.close(1000, "done"),
  };
  webSocket.addEventListener("message", ({ data }) => {
    socket.messages.push(data === "pong" ? data : JSON.parse(String(data)));
  });
  webSocket.addEventListener("close", ({ code, reason }) => {
    socket.closed = { code, reason };
  });
  webSocket.accept();
  return socket;
}

/** The answer to a request for a feed socket, whatever it is. */
export function trySocket(
  protocols: string[],
  query = "",
  upgrade = "websocket",
  more: Record<string, string> = {},
): Promise<Response> {
  const headers = new Headers({ ...more, upgrade });
  if (protocols.length > 0) headers.set("sec-websocket-protocol", protocols.join(", "));
  return fetchWorker(`https://onecall.test${API}/feed/socket${query}`, { headers });
}
