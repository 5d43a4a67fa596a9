import type {
  ApiKey,
  ApiKeyInUse,
  App,
  AppStatus,
  AppWithQuotas,
  CountsCheck,
  Erasure,
  NewApiKey,
  NewApp,
  SignInCode,
} from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { type Answer, type Body, path, type Query, Resource } from "../requests.ts";

/** What the operator does, with the admin token. */
export class Admin extends Resource {
  apps(query?: Query<"listApps">, options?: CallOptions): Pages<App> {
    return this.requests.list<"listApps">(path`/admin/apps`, options, query);
  }

  /** The answer has the first key, this once. */
  createApp(body: Body<"createApp">, options?: CallOptions): Promise<NewApp> {
    return this.requests.post(path`/admin/apps`, options, body);
  }

  app(app: string, options?: CallOptions): Promise<AppWithQuotas> {
    return this.requests.get(path`/admin/apps/${app}`, options);
  }

  updateApp(app: string, body: Body<"updateApp">, options?: CallOptions): Promise<AppWithQuotas> {
    return this.requests.put(path`/admin/apps/${app}`, options, body);
  }

  /** All of it. Its name says once more which. */
  deleteApp(app: string, body: Body<"deleteApp">, options?: CallOptions): Promise<Answer<"deleteApp">> {
    return this.requests.delete(path`/admin/apps/${app}`, options, body);
  }

  /** How far that is. */
  erasure(app: string, options?: CallOptions): Promise<Erasure> {
    return this.requests.get(path`/admin/apps/${app}/erasure`, options);
  }

  keys(app: string, options?: CallOptions): Pages<ApiKey> {
    return this.requests.list<"listKeys">(path`/admin/apps/${app}/keys`, options);
  }

  /** The answer has the key, this once. */
  createKey(app: string, body: Body<"createKey">, options?: CallOptions): Promise<NewApiKey> {
    return this.requests.post(path`/admin/apps/${app}/keys`, options, body);
  }

  /** With what revoking it would end, and what goes on. */
  key(app: string, key: string, options?: CallOptions): Promise<ApiKeyInUse> {
    return this.requests.get(path`/admin/apps/${app}/keys/${key}`, options);
  }

  revokeKey(app: string, key: string, options?: CallOptions): Promise<Answer<"revokeKey">> {
    return this.requests.delete(path`/admin/apps/${app}/keys/${key}`, options);
  }

  /** Of a link that opens the dashboard, once. */
  createSignInCode(app: string, options?: CallOptions): Promise<SignInCode> {
    return this.requests.post(path`/admin/apps/${app}/sign-in-codes`, options);
  }

  rotateRootSecret(
    app: string,
    body: Body<"rotateRootSecret"> = {},
    options?: CallOptions,
  ): Promise<Answer<"rotateRootSecret">> {
    return this.requests.post(path`/admin/apps/${app}/rotate-root-secret`, options, body);
  }

  /** What isn't done with, app by app. */
  status(query?: Query<"listStatus">, options?: CallOptions): Pages<AppStatus> {
    return this.requests.list<"listStatus">(path`/admin/status`, options, query);
  }

  appStatus(app: string, options?: CallOptions): Promise<AppStatus> {
    return this.requests.get(path`/admin/apps/${app}/status`, options);
  }

  /** A notification's counts beside the rows that they count. */
  checkCounts(app: string, notification: string, options?: CallOptions): Promise<CountsCheck> {
    return this.requests.get(path`/admin/apps/${app}/audit/${notification}`, options);
  }
}
