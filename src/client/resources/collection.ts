import type { CallOptions } from "../options.ts";
import { path, Resource } from "../requests.ts";

/** What a collection holds, and what is sent and answered to change it. */
interface Kinds {
  one: unknown;
  /** Body of a creation, and its answer. */
  create: unknown;
  created: unknown;
  /** Body of a change, and its answer. */
  update: unknown;
  updated: unknown;
}

/** Things of one kind that are made, read and changed one by one. */
export abstract class Collection<Kind extends Kinds> extends Resource {
  /** Its path. */
  protected abstract readonly root: string;

  create(body: Kind["create"], options?: CallOptions): Promise<Kind["created"]> {
    return this.requests.post(this.root, options, body);
  }

  get(id: string, options?: CallOptions): Promise<Kind["one"]> {
    return this.requests.get(this.pathOf(id), options);
  }

  update(id: string, body: Kind["update"], options?: CallOptions): Promise<Kind["updated"]> {
    return this.requests.put(this.pathOf(id), options, body);
  }

  protected pathOf(id: string): string {
    return this.root + path`/${id}`;
  }
}
