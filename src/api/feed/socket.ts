import { OnecallError } from "../../errors.ts";
import type { Handler } from "../../http/context.ts";
import { type FeedToken, refuseToken, verifyFeedToken } from "../../users/feed-tokens.ts";
import { shardOfToken } from "./reader.ts";

/** The subprotocol of a client that wants one beside its token. */
const PROTOCOL = "onecall-feed";

/**
 * `GET {api}/feed/socket`: pushes each new item and the unread count. The token comes as a subprotocol, or a
 * ticket in the query: browsers can't set headers on a WebSocket.
 */
export const openFeedSocket: Handler = async (request, { env, url }) => {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    throw new OnecallError("ERR_BAD_REQUEST", "Open this path as a WebSocket (Upgrade: websocket).");
  }
  const offered = (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== "");
  const { token, protocol } = await readToken(env, url, offered);
  const params = new URLSearchParams({
    userId: token.userId,
    issuedAt: String(token.issuedAt),
    expiresAt: String(token.expiresAt),
    ...(protocol === null ? {} : { protocol }),
  });
  const shard = await shardOfToken(env, token);
  const response = await shard.fetch(`https://user-shard/socket?${params}`, {
    headers: { upgrade: "websocket" },
  });
  if (response.status === 401) throw refuseToken();
  return response;
};

async function readToken(
  env: Parameters<typeof verifyFeedToken>[0],
  url: URL,
  offered: readonly string[],
): Promise<{ token: FeedToken; protocol: string | null }> {
  const named = offered.includes(PROTOCOL) ? PROTOCOL : null;
  const ticket = url.searchParams.get("ticket");
  if (ticket !== null)
    return { token: await verifyFeedToken(env, ticket, "socket"), protocol: named ?? offered[0] ?? null };
  const jwt = offered.find((protocol) => protocol !== PROTOCOL);
  if (jwt === undefined) {
    throw new OnecallError("ERR_UNAUTHORIZED", "Give the token as a subprotocol, or a ticket as ?ticket=.");
  }
  // A server must answer with one of the offered protocols, or the browser closes the socket.
  return { token: await verifyFeedToken(env, jwt, "feed"), protocol: named ?? jwt };
}
