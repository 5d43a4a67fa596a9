import type { AuditEntry } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { api, type Query, Resource } from "../requests.ts";

/** Who changed what. */
export class AuditLog extends Resource {
  list(query?: Query<"listAuditLog">, options?: CallOptions): Pages<AuditEntry> {
    return this.requests.list<"listAuditLog">(api`/audit-log`, options, query);
  }
}
