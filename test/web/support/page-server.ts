import { once } from "node:events";
import { createServer } from "node:http";

export interface PageServer {
  url: string;
  stop(): Promise<void>;
}

/** What a page's own files are, by their paths. */
export type PageFiles = Readonly<Record<string, string>>;

const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
};

/**
 * A site of its own beside Onecall, with a policy that allows its own files and the Worker, and nothing inline.
 * A path without an extension is a page. `files` is asked for at each call.
 */
export async function startPageServer(workerUrl: () => string, files: () => PageFiles): Promise<PageServer> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://page").pathname;
    const content = files()[path];
    if (path === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[path.split(".")[1] ?? ""] ?? "text/html";
    response.writeHead(200, {
      "content-type": `${type}; charset=utf-8`,
      "content-security-policy": strictPolicy(workerUrl()),
    });
    response.end(content);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("No port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function strictPolicy(worker: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' ${worker}`,
    "style-src 'self'",
    `connect-src ${worker} ${worker.replace("http", "ws")}`,
    "img-src 'self' https: data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join("; ");
}
