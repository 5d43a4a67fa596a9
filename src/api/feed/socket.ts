import { OnecallError } from "../../errors.ts";
import type { Handler } from "../../http/context.ts";
import { refuseToken, type TokenAudience } from "../../users/feed-tokens.ts";
import { openReaderOf } from "./reader.ts";

/** The subprotocol of a client that wants one beside its token. */
const PROTOCOL = "onecall-feed";

/**
 * `GET {api}/feed/socket`: pushes each new item and the unread count. The token comes as a subprotocol, or a
 * ticket in the query: browsers can't set headers on a WebSocket.
 */
export const openFeedSocket: Handler = async (request, context) => {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new OnecallError("ERR_BAD_REQUEST", "Open this path as a WebSocket (Upgrade: websocket).");
  }
  const offered = (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== "");
  const { given, audience, protocol } = readCredential(context.url, offered);
  const { token, shard } = await openReaderOf(context, given, audience);
  const params = new URLSearchParams({
    userId: token.userId,
    issuedAt: String(token.issuedAt),
    expiresAt: String(token.expiresAt),
    ...(protocol === null ? {} : { protocol }),
  });
  const response = await shard.fetch(`https://user-shard/socket?${params}`, {
    headers: { upgrade: "websocket" },
  });
  if (response.status === 401) throw refuseToken();
  return response;
};

/** What the client shows, and the subprotocol that it is answered with. */
interface Credential {
  given: string;
  audience: TokenAudience;
  protocol: string | null;
}

function readCredential(url: URL, offered: readonly string[]): Credential {
  const named = offered.includes(PROTOCOL) ? PROTOCOL : null;
  const ticket = url.searchParams.get("ticket");
  if (ticket !== null) return { given: ticket, audience: "socket", protocol: named ?? offered[0] ?? null };
  const jwt = offered.find((protocol) => protocol !== PROTOCOL);
  if (jwt === undefined) {
    throw new OnecallError("ERR_UNAUTHORIZED", "Give the token as a subprotocol, or a ticket as ?ticket=.");
  }
  // A server must answer with one of the offered protocols, or the browser closes the socket.
  return { given: jwt, audience: "feed", protocol: named ?? jwt };
}
