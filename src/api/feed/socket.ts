import { BY_SOCKET } from "../../http/access.ts";
import { bearerToken } from "../../http/auth.ts";
import type { Context } from "../../http/context.ts";
import { ONLY_READS, openReaderOf, type Reader } from "../../http/reader.ts";
import { defineRoute } from "../../http/route.ts";
import { ANY_QUERY } from "../../http/route-input.ts";
import { OnecallError } from "../../model/errors.ts";
import { CLOSE_UNAUTHORIZED } from "../../model/feed.ts";
import { toError } from "../../model/outcome.ts";
import { REFUSED_TOKEN } from "../../model/user-token.ts";
import { API } from "../business-messaging/paths.ts";

/** The subprotocol of a client that wants one beside its token. */
const PROTOCOL = "onecall-feed";

/** What the client shows, and the subprotocol that it is answered with. */
interface Credential {
  /** Null: nothing. */
  given: string | null;
  audience: "feed" | "socket";
  protocol: string | null;
}

export const openFeedSocket = defineRoute({
  id: "openFeedSocket",
  method: "GET",
  path: `${API}/feed/socket`,
  access: BY_SOCKET,
  summary: "A WebSocket that tells of each new item and the unread count",
  query: ANY_QUERY,
  answers: { 101: { mediaType: null, description: "The socket is open" } },
  errors: ["ERR_BAD_REQUEST", "ERR_TOO_MANY_REQUESTS"],
  handle: async (call) => {
    const { url, request } = call;
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      throw new OnecallError("ERR_BAD_REQUEST", "Open this path as a WebSocket (Upgrade: websocket).");
    }
    const credential = readCredential(request, url);
    try {
      const reader = await requireReader(call, credential);
      return await openInShard(reader, credential.protocol);
    } catch (error) {
      if (error instanceof OnecallError && error.code === "ERR_UNAUTHORIZED") {
        return closedSocket(credential.protocol, error.message);
      }
      throw error;
    }
  },
});

function readCredential(request: Request, url: URL): Credential {
  const offered = (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== "");
  const named = offered.includes(PROTOCOL) ? PROTOCOL : null;
  // A server must answer with one of the offered protocols, or the browser closes the socket.
  const protocol = named ?? offered[0] ?? null;
  const ticket = url.searchParams.get("ticket");
  if (ticket !== null) return { given: ticket, audience: "socket", protocol };
  const jwt = bearerToken(request) ?? offered.find((one) => one !== PROTOCOL) ?? null;
  return { given: jwt, audience: "feed", protocol };
}

async function requireReader(context: Context, { given, audience }: Credential): Promise<Reader> {
  if (given === null) {
    throw new OnecallError("ERR_UNAUTHORIZED", "Give the token as a subprotocol, or a ticket as ?ticket=.");
  }
  const reader = await openReaderOf(context, given, audience);
  // An open socket says that the user is there.
  if (reader.token.isReadOnly) throw new OnecallError("ERR_UNAUTHORIZED", ONLY_READS);
  return reader;
}

async function openInShard({ token, shard }: Reader, protocol: string | null): Promise<Response> {
  const { userId, issuedAt, expiresAt, ticket } = token;
  const params = new URLSearchParams({
    userId,
    issuedAt: String(issuedAt),
    expiresAt: String(expiresAt),
    ...(ticket === null ? {} : { ticket: ticket.id, ticketExpiresAt: String(ticket.expiresAt) }),
    ...(protocol === null ? {} : { protocol }),
  });
  const response = await shard.fetch(`https://user-shard/socket?${params}`, {
    headers: { upgrade: "websocket" },
  });
  if (response.status === 401) throw toError(REFUSED_TOKEN);
  if (response.status === 429) {
    throw new OnecallError("ERR_TOO_MANY_REQUESTS", "This user's closed sockets haven't gone yet.", {
      headers: { "retry-after": "5" },
    });
  }
  return response;
}

/** A socket that is open for as long as it takes to say why it isn't. */
function closedSocket(protocol: string | null, reason: string): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.close(CLOSE_UNAUTHORIZED, reason);
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: protocol === null ? {} : { "sec-websocket-protocol": protocol },
  });
}
