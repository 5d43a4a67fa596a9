import { createServer, type IncomingMessage, type Server } from "node:http";
import { text } from "node:stream/consumers";

const WORKER = /^\/workers\/(scripts|workers|services)\/[\w-]+/;

interface Answer {
  status?: number;
  result?: unknown;
  error?: { code: number; message: string };
}

/**
 * As much of api.cloudflare.com as wrangler needs to deploy: enough to see what a deployment changes in
 * an account, not whether Cloudflare would accept the Worker.
 */
export class FakeCloudflare {
  queues = new Set<string>();
  buckets = new Set<string>();
  lifecycleRules: { id: string; [field: string]: unknown }[] = [];
  /** Ids by title. */
  namespaces = new Map<string, string>();
  secrets = new Map<string, string>();
  /** The bindings of the uploaded Worker; null before the first deploy. */
  bindings: { type: string; name: string; [field: string]: unknown }[] | null = null;
  /** Paths of the static assets of the newest deploy. */
  assets: string[] = [];
  /** Every request that changed something, as `POST /queues`. */
  changes: string[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer(async (request, response) => {
      const { status = 200, result = null, error } = await this.#answer(request);
      const errors = error ? [error] : [];
      response.writeHead(error && status === 200 ? 400 : status, { "content-type": "application/json" });
      response.end(JSON.stringify({ success: !error, errors, messages: [], result }));
    });
  }

  /** @returns what wrangler needs in its environment to talk to this account. */
  async listen(): Promise<Record<string, string>> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    return {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
      CLOUDFLARE_API_TOKEN: "fake",
      CLOUDFLARE_ACCOUNT_ID: "account",
    };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? "/", "http://fake");
    const path = url.pathname.replace("/client/v4", "").replace("/accounts/account", "");
    const body = await text(request);
    if (request.method === "GET") {
      return this.#read(path, url.searchParams);
    }
    this.changes.push(`${request.method} ${path}`);
    return this.#write(path, body);
  }

  #read(path: string, query: URLSearchParams): Answer {
    const notFound = { status: 404, error: { code: 10007, message: "This Worker does not exist." } };
    // Lists end with an empty page.
    const page = <Item>(items: Item[]) => ({ result: Number(query.get("page") ?? 1) > 1 ? [] : items });
    if (path === "/user") return { result: { id: "user", email: "user@example.com" } };
    if (path === "/accounts") return page([{ id: "account", name: "Account" }]);
    if (path === "/queues")
      return page(
        [...this.queues]
          .filter((name) => !query.has("name") || query.getAll("name").includes(name))
          .map(describeQueue),
      );
    if (path === "/r2/buckets") return { result: { buckets: [...this.buckets].map((name) => ({ name })) } };
    if (path.endsWith("/lifecycle")) return { result: { rules: this.lifecycleRules } };
    if (path.startsWith("/r2/buckets/")) {
      const name = path.split("/")[3] ?? "";
      const missing = {
        status: 404,
        error: { code: 10006, message: "The specified bucket does not exist." },
      };
      return this.buckets.has(name) ? { result: { name } } : missing;
    }
    if (path === "/storage/kv/namespaces")
      return page([...this.namespaces].map(([title, id]) => ({ title, id })));
    if (path === "/workers/subdomain") return { result: { subdomain: "acme" } };
    if (!WORKER.test(path)) return { result: [] };
    if (!this.bindings) return notFound;
    if (path.endsWith("/secrets")) return page([...this.secrets.keys()].map((name) => ({ name })));
    if (path.endsWith("/settings")) return { result: { bindings: this.bindings } };
    if (path.endsWith("/deployments")) return { result: { deployments: [] } };
    return { result: { id: "worker", subdomain: { enabled: true }, default_environment: { script: {} } } };
  }

  #write(path: string, body: string): Answer {
    if (/^\/workers\/scripts\/[\w-]+$/.test(path)) {
      // The upload is a form; its metadata is the only line of JSON that begins so.
      this.bindings = JSON.parse(/^\{"main_module".*$/m.exec(body)?.[0] ?? "{}").bindings;
      return { result: { id: "version", startup_time_ms: 1, metadata: {} } };
    }
    if (path.endsWith("/assets-upload-session")) {
      this.assets = Object.keys(JSON.parse(body).manifest);
      // As if it had their contents already.
      return { result: { jwt: "assets", buckets: [] } };
    }
    if (WORKER.test(path) && !path.endsWith("/secrets")) return { result: { enabled: true } };
    if (path.endsWith("/consumers")) return { result: {} };
    const fields = JSON.parse(body);
    if (path === "/queues") return this.#create(this.queues, fields.queue_name, 11009);
    if (path === "/r2/buckets") return this.#create(this.buckets, fields.name, 10004);
    if (path.endsWith("/lifecycle")) this.lifecycleRules = fields.rules;
    if (path.endsWith("/secrets")) this.secrets.set(fields.name, fields.text);
    if (path === "/storage/kv/namespaces") {
      if (this.namespaces.has(fields.title)) {
        return {
          error: { code: 10014, message: "a namespace with this account ID and title already exists" },
        };
      }
      const id = `namespace-${this.namespaces.size + 1}`;
      this.namespaces.set(fields.title, id);
      return { result: { id, title: fields.title } };
    }
    return { result: {} };
  }

  #create(names: Set<string>, name: string, codeWhenTaken: number): Answer {
    if (names.has(name)) {
      return { status: 409, error: { code: codeWhenTaken, message: `${name} is already taken` } };
    }
    names.add(name);
    return { result: { name } };
  }
}

function describeQueue(name: string) {
  const none = { producers: [], producers_total_count: 0, consumers: [], consumers_total_count: 0 };
  return { queue_name: name, queue_id: name, ...none };
}
