import type { Health } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import { type Answer, path, Resource } from "../requests.ts";

/** What the service says of itself, to anybody. */
export class Service extends Resource {
  info(options?: CallOptions): Promise<Answer<"getService">> {
    return this.requests.get(path`/`, options);
  }

  /** Asked once: who asks wants to know how it is now. */
  health(options?: CallOptions): Promise<Health> {
    return this.requests.get(path`/health`, { maxRetries: 0, ...options });
  }

  openApi(options?: CallOptions): Promise<Answer<"getOpenApi">> {
    return this.requests.get(path`/openapi.json`, options);
  }

  /** A page of HTML. */
  docs(options?: CallOptions): Promise<string> {
    return this.requests.text(path`/docs`, options);
  }
}
