import type { DashboardSession, OpenedApp } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import { type Answer, type Body, path, Resource } from "../requests.ts";

/** The dashboard's cookie: for a page that Onecall itself serves. */
export class Session extends Resource {
  /** A code opens it once: it isn't repeated by itself where its answer is lost. */
  signIn(body: Body<"signIn">, options?: CallOptions): Promise<DashboardSession> {
    return this.requests.post(path`/dashboard/session`, options, body);
  }

  get(options?: CallOptions): Promise<DashboardSession> {
    return this.requests.get(path`/dashboard/session`, options);
  }

  signOut(options?: CallOptions): Promise<Answer<"signOut">> {
    return this.requests.delete(path`/dashboard/session`, options);
  }

  /** As the operator. */
  openApp(body: Body<"openApp">, options?: CallOptions): Promise<OpenedApp> {
    return this.requests.post(path`/dashboard/session/app`, options, body);
  }
}
