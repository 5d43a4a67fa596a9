/** The duty's kind: raw values of realtime sends go when no retry can need them any more. */
export const VALUES_DUTY = "values";
/** The duty's kind: claims of idempotency keys end. */
export const CLAIMS_DUTY = "claims";
/** The duty's kind: tokens of open sockets end. */
export const SOCKETS_DUTY = "sockets";
/** The duty's kind: what is older than the retention goes. */
export const RETENTION_DUTY = "retention";
