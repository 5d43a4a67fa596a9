/** Limits that callers meet, each of them in docs/api.md, and those that several parts of the code keep to. */

/** Seed 001: inline targets of a batch. */
export const MAX_BATCH_TARGETS = 10_000;
/** Seed 000: targets of a realtime send in the business messaging family. */
export const MAX_REALTIME_TARGETS = 1;
/** Bytes of a send's body. 10,000 targets with 1.5 KB of variables each. */
export const MAX_SEND_BODY_BYTES = 16 * 1024 * 1024;
/** Bytes of any other body: several channels of template content fit. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Bodies over this are read and worked on one at a time in an isolate, whose memory is 128 MB. */
export const LARGE_BODY_BYTES = 4 * 1024 * 1024;
/** Levels of nesting in any JSON that is accepted. */
export const MAX_JSON_DEPTH = 20;
/**
 * JSON values (objects, arrays, texts, numbers …; keys don't count) in a send's body: 10,000 targets with 20 each,
 * and some.
 */
export const MAX_SEND_BODY_VALUES = 250_000;
/** JSON values in any other body: content of 50 channels with a thousand values each. */
export const MAX_BODY_VALUES = 50_000;
/** Bytes of a list's page as JSON, about: it ends before a row that would be beyond, but has one at least. */
export const MAX_PAGE_BYTES = 1024 * 1024;
/** Faults of a call that are named one by one; after that only their number would be news. */
export const MAX_NAMED_FAULTS = 20;
/** Characters of a name that a caller gave, in an error. */
export const MAX_SHOWN_NAME = 128;
/** Characters of the path of a field that is wrong. */
export const MAX_SHOWN_FIELD = 200;
/** Bytes of the answer to a call that is refused stay below this: the longest that errors are made of has 60,000. */
export const MAX_ERROR_BYTES = 64 * 1024;
/** Bytes of one channel's template content as JSON. */
export const MAX_CONTENT_BYTES = 32 * 1024;
/** Bytes of one target's variables as JSON. */
export const MAX_VARIABLES_BYTES = 16 * 1024;
/** Bytes of one rendered delivery as JSON. */
export const MAX_RENDERED_BYTES = 64 * 1024;
/** Characters of a notification's title and tag. */
export const MAX_LABEL_LENGTH = 256;
/** Tags that one of a day's ledgers counts apart, unless the operator says another number; and at most. */
export const DEFAULT_TAG_QUOTA = 10_000;
export const MAX_TAG_QUOTA = 100_000;
/** Bytes of a request's push data as JSON: the payload limit of APNs and FCM. */
export const MAX_PUSH_DATA_BYTES = 4096;
/** UTF-8 bytes of a user id. */
export const MAX_USER_ID_BYTES = 255;
/** Entries of a list in a body that names some of a few: scopes, events, reasons. */
export const MAX_NAMES = 50;
/** Channels of an app: they travel in its KV record. */
export const MAX_CHANNELS = 50;
/** Bytes of a template's variable schema as JSON, defaults included: it travels in every batch's plan. */
export const MAX_VARIABLE_SCHEMA_BYTES = 64 * 1024;
/** Variables in one template's schema. */
export const MAX_VARIABLES = 100;
/** How long a notification may stay pending, unless the request says otherwise. */
export const DEFAULT_EXPIRY_MS = 24 * 60 * 60 * 1000;
/** The furthest `expiresAt`: audiences are kept for 30 days beyond the retention. */
export const MAX_EXPIRY_MS = 30 * 24 * 60 * 60 * 1000;
/**
 * How long R2 keeps a batch's own audience after its completion: what comes late of its messages finds it, and log and
 * retry read the shards.
 */
export const AUDIENCE_TTL_MS = 24 * 60 * 60 * 1000;
/**
 * How long R2 keeps an ended targets file for the batches that were sent with it, beyond their `expiresAt`: a day for
 * them to end in, and one in which a ledger says that one hasn't.
 */
export const FILE_MARGIN_MS = 2 * AUDIENCE_TTL_MS;
/** Ended targets files whose objects one turn of the alarm removes: two keys each, of 1,000 in a call of R2. */
export const FILES_PER_TURN = 500;
/** How long the audit log keeps a change, and how many, the newest: some 300 MB, at most 1 GB of a registry's 10 GB. */
export const AUDIT_TTL_MS = 400 * 24 * 60 * 60 * 1000;
export const AUDIT_LINES = 1_000_000;
/** How long an Idempotency-Key gives the first answer again. */
export const CLAIM_TTL_MS = 24 * 60 * 60 * 1000;
/** After this long a call that never finished may be run again under the same id. */
export const CLAIM_RUN_MS = 30_000;

/** The longest life of a user's token. */
export const MAX_TOKEN_TTL_SECONDS = 30 * 24 * 60 * 60;
/** The life of a token that only reads a feed: whoever looks on asks for another. */
export const READ_ONLY_TOKEN_TTL_SECONDS = 10 * 60;

/** Tokens of a user that are listed: of more the oldest are left out, and go on being accepted. */
export const MAX_LISTED_TOKENS = 100;
/** The vendor's: users in a page of `/v3/users`. */
export const MAX_USERS_PAGE = 1000;
/** Tags of a user. */
export const MAX_USER_TAGS = 50;
/** Users that one call activates or deactivates. */
export const MAX_USERS_CHANGE = 100;
/** Devices of a user: the one registered longest ago leaves when another comes (as Sendbird's tokens do). */
export const MAX_DEVICES = 20;
/** Addresses of a user in webhook channels: another takes its place. */
export const MAX_WEBHOOK_ADDRESSES = 1;
/** Open feed sockets of a user: the oldest closes when another comes. */
export const MAX_SOCKETS = 20;

/** Items that one call marks viewed. */
export const MAX_FEED_MARKS = 100;

/** Seed 004: rows of a targets file. */
export const MAX_FILE_ROWS = 100_000;
/** Bytes of a targets file. */
export const MAX_FILE_BYTES = 25 * 1024 * 1024;
/** Columns of a targets file, `user_id` among them: each row costs two bytes for a column that it has no value in. */
export const MAX_FILE_COLUMNS = 200;
/** Characters of a column's name: a variable's, and `.height` behind it. */
export const MAX_COLUMN_NAME_LENGTH = 150;
/** Bytes of a row of a targets file without its separators and quotes: 16,384 characters, its id and reason. */
export const MAX_RECORD_BYTES = 64 * 1024;
/**
 * Bytes of a targets file's rows as they are stored, each cell in quotes: 1.6 times the largest file. They are
 * held in memory while they are sorted by shard.
 */
export const MAX_AUDIENCE_BYTES = 40 * 1024 * 1024;
/** Bytes of an upload's body: the file, and room for the form's fields. */
export const MAX_UPLOAD_BYTES = MAX_FILE_BYTES + 64 * 1024;
/** A form up to this size is held while it arrives, and its file written at once: 100,000 rows have 8 MB mostly. */
export const WHOLE_UPLOAD_BYTES = 10 * 1024 * 1024;
/**
 * Of a larger one parts of this size are held and written, and the file is read back. R2 takes parts of at least 5 MiB
 * but the last (developers.cloudflare.com/r2/objects/multipart-objects).
 */
export const UPLOAD_PART_BYTES = 5 * 1024 * 1024;
/** The longest that a client may take to send an upload, waits of our own not counted. */
export const MAX_UPLOAD_MS = 10 * 60 * 1000;
/** The least that must come of an upload, looked at each time so much was waited for its client. */
export const LEAST_UPLOAD_BYTES_PER_SECOND = 8 * 1024;
export const UPLOAD_RATE_WINDOW_MS = 10_000;
/** Seed 004: how long a targets file can be sent, from its upload on. */
export const TARGETS_FILE_TTL_MS = 30 * 24 * 60 * 60 * 1000;
/** How long an upload URL can be used. */
export const UPLOAD_URL_TTL_MS = 60 * 60 * 1000;
/** Bytes of `variables` beside a targets file: they are exceptions to it, kept whole by every consumer. */
export const MAX_OVERRIDES_BYTES = 1024 * 1024;

/**
 * Bytes of what a plan renders with, up to which its ledger keeps it; above, it lies in R2. A row has 2 MB at most
 * (developers.cloudflare.com/durable-objects/platform/limits), and a day has many plans.
 */
export const MAX_LEDGER_DETAILS_BYTES = 8 * 1024;

/** Webhook endpoints of an app: they travel in its KV record, and each gets every message it wants. */
export const MAX_WEBHOOKS = 10;
/** The longest that a webhook secret which was replaced goes on signing, in hours. */
export const MAX_GRACE_HOURS = 168;
/** Events in one call to a webhook endpoint that asks for several. */
export const MAX_EVENTS_PER_CALL = 100;
/** Bytes of such a call's body; one event may be larger, alone in its call. */
export const MAX_WEBHOOK_CALL_BYTES = 256 * 1024;
/** Events that may wait for one endpoint, and their bytes: a fifth of what its object can hold, with its indexes. */
export const MAX_WAITING_EVENTS = 2_000_000;
export const MAX_WAITING_EVENT_BYTES = 2 * 1024 ** 3;
/** Attempts of an endpoint that are kept, the newest, and as many calls that failed for good. */
export const MAX_KEPT_ATTEMPTS = 10_000;
/** Bytes of the webhooks that a ledger or a user shard keeps for endpoints whose objects can't be reached. */
export const MAX_WEBHOOK_OUTBOX_BYTES = 512 * 1024 ** 2;
/** Messages that an object keeps for endpoints out of reach: how far the oldest may lie behind the newest. */
export const MAX_WEBHOOK_OUTBOX_MESSAGES = 1_000_000;

/** Shards of a new app. Frozen in the app's record at creation. */
export const DEFAULT_SHARD_COUNT = 64;
export const MIN_SHARD_COUNT = 16;
/** What a Worker may ask at once, for a check of counts or a page of users, is ten times this. */
export const MAX_SHARD_COUNT = 1024;
/** Sign-ins to the dashboard, right or wrong, of one address; the same stands in wrangler.toml. */
export const SIGN_INS = { burst: 10, perMinute: 10 };
/** How long a link that signs in once can be used, ms, and how many an app may have at a time. */
export const SIGN_IN_CODE_MS = 10 * 60_000;
export const MAX_SIGN_IN_CODES = 20;
/** What is looked at to say what an API key's end would end: its sign-ins, and all notifications that still run. */
export const MAX_KEY_SIGN_INS = 100;
export const MAX_KEY_SENDS = 500;
/** Apps that a session of the operator remembers to have opened: the audit log tells of each once. */
export const MAX_OPENED_APPS = 20;
/** How often a key's last use is written down at most, ms: by so much can it be late. */
export const KEY_USE_MS = 5 * 60_000;
/** Ledgers of one day of an app, at most: each takes some hundred realtime sends a second and 10 GB. */
export const MAX_LEDGER_SLOTS = 64;
/** Between two doublings of an app's slots: copies of its record may be 90 s old. */
export const SLOTS_GROW_PAUSE_MS = 2 * 60 * 1000;
/** Isolate caches of keys, apps and templates: a "yes" can be this much older than KV's. */
export const ISOLATE_CACHE_MS = 30_000;
/**
 * How old a copy may be that a send leaves a disabled channel out by. Without it a template with one disabled
 * channel would make every send ask the registry.
 */
export const APP_REFRESH_MS = 1000;
/** How long an isolate knows that there is no such app: short, for it may be created any time. */
export const UNKNOWN_APP_MS = 5_000;
/** How long an isolate knows that an API key is unknown or revoked: neither ever becomes known. */
export const UNKNOWN_KEY_MS = 60_000;
/** How long an isolate knows an app's check of API keys, which never changes. */
export const KEY_CHECK_MS = 10 * 60_000;
/** Objects' calls about credentials that nothing vouches for: of an address, and about an app, by isolate. */
export const STRANGER_LOOKUPS = { burst: 20, perMinute: 10 } as const;
/** Lookups of strangers from all addresses and for all apps together, in an isolate. */
export const STRANGER_LOOKUPS_IN_ALL = { burst: 60, perMinute: 60 } as const;
/** Wrong admin tokens of an address, by isolate. */
export const ADMIN_GUESSES = { burst: 20, perMinute: 60 } as const;
/** Root secrets of an app at once: the one that signs, and those whose grace hasn't ended. */
export const MAX_ROOT_SECRETS = 5;
/** The longest that what a replaced root secret signed is taken, in hours: the longest life of a token. */
export const MAX_ROOT_GRACE_HOURS = MAX_TOKEN_TTL_SECONDS / 3600;
/** KV accepts one write per second and key (developers.cloudflare.com/kv/platform/limits). */
export const KV_WRITE_INTERVAL_MS = 1000;
/** Queues accept 100 messages or 256 KB per sendBatch (developers.cloudflare.com/queues/platform/limits). */
export const QUEUE_BATCH_MESSAGES = 100;
/**
 * Messages of one ledger's batches in one deliveries queue at once, at least; the next goes in as one is done with.
 * What another app's batch waits for is at most so many chunks of each app that sends meanwhile, whatever these have
 * left: on one machine, where a queue has one consumer and a chunk takes 10 ms, 20 ms. It is what a consumer takes in
 * one batch.
 */
export const CHUNKS_IN_QUEUE = 2;
/**
 * Messages of a ledger in a queue at most, where they don't wait (window-size.ts). On the platform a chunk is on its
 * way for about 0.2 s (the queue, R2, the shards, the ledger), so 64 × about 1,600 rows in that time: one app gets
 * 512,000 rows a second in each queue, from 16 of the 250 consumers that a queue may have.
 */
export const MAX_CHUNKS_IN_QUEUE = 64;
/**
 * UTF-16 units of what is rendered in one isolate and not stored yet. A unit takes a byte or two, and is there about
 * four times on its way: as rows, joined, in the call, and in the shard, which may live in the same isolate. An isolate
 * has 128 MB (developers.cloudflare.com/workers/platform/limits).
 */
export const MAX_RENDERED_AT_ONCE = 2 * 1024 * 1024;
/** UTF-16 units of rendered text that realtime sends to one hold at once in an isolate, beside batches. */
export const MAX_INLINE_AT_ONCE = 8 * 1024 * 1024;
/** UTF-16 units of rendered text up to which a run, call or chunk doesn't wait for room in its isolate. */
export const FREE_TEXT_LENGTH = 64 * 1024;
/** UTF-16 units of audiences' rows that an isolate has in hand at once: four chunks of the largest kind, parsed. */
export const MAX_ROWS_AT_ONCE = 4 * 1024 * 1024;
/** UTF-16 units of the plans that an isolate keeps, and as many of the templates that it sends. */
export const MAX_KEPT_TEXT = 8 * 1024 * 1024;
/** UTF-16 units of users that a list has of all its shards at once: each gives its share, and is asked for more. */
export const MAX_USERS_AT_ONCE = 4 * 1024 * 1024;
/**
 * UTF-16 units that a message's targets render to, about: where a chunk's come to more, it goes in several messages.
 */
export const UNIT_RENDERED_LENGTH = 4 * 1024 * 1024;
/**
 * UTF-16 units of one statement's rows, INSERT … SELECT FROM json_each(?): at three bytes each far below the 2 MB of a
 * bound value (developers.cloudflare.com/durable-objects/platform/limits), also where a target's row goes beyond it.
 */
export const SLICE_LENGTH = 256 * 1024;
/** UTF-16 units of one call's rows, a transaction each: what is rendered before any of it is stored. */
export const CALL_LENGTH = 512 * 1024;
/**
 * Rows of one chunk: so many make the queue's cost small and keep a consumer's turn short. Of 100,000 users a shard of
 * 64 has 1,560, give or take 120: one chunk.
 */
export const CHUNK_ROWS = 2000;
/** Bytes of one chunk: well under the isolate's memory even with a full batch of messages. */
export const CHUNK_BYTES = 512 * 1024;

/**
 * What headers of realtime sends to one have in common, in a user shard and 30 days: as many as there are templates'
 * versions, keys and sets of channels and wanted webhooks. Headers beyond stand in their rows, whole.
 */
export const MAX_HEADER_PARTS = 2000;

/**
 * UTF-16 units of a segment's targets: with its index a row of under 1 MB, whatever the script. One target alone may
 * have more, up to what a send beside a targets file may say of one user (MAX_OVERRIDES_BYTES): a row has 2 MB at most.
 */
export const MAX_SEGMENT_LENGTH = 256 * 1024;
/** Segments with a user's targets that a transaction of a look brings in, newest first: 15 ms on a slow machine. */
export const LOOK_SEGMENTS = 100;
/** Items that one transaction of _mark all viewed_ marks. */
export const VIEW_ROWS = 100;
/** Pushes that a consumer leases in one call. */
export const DISPATCH_LEASE_ROWS = 100;
/** Leases that a push message is good for, one after another: a report brings the next. */
export const DISPATCH_LEASES_PER_MESSAGE = 10;
/** Devices of one user that are asked at once, whoever sends. */
export const MAX_USER_CALLS_AT_ONCE = 2;
/** Attempts of one push, the first included. */
export const MAX_DISPATCH_TRIES = 12;
/** Failures in a row after which a provider gets single probes only. */
export const FAILURES_TO_OPEN = 5;
/** Connections that may wait for an answer at once (developers.cloudflare.com/workers/platform/limits). */
export const MAX_CONNECTIONS = 6;
/** Bytes of an APNs payload, and of an FCM message's notification and data. */
export const MAX_PUSH_PAYLOAD_BYTES = 4096;
/** Bytes of a Web Push payload before encryption: 4,096 less header, padding and tag (RFC 8291, section 4). */
export const MAX_WEB_PUSH_BYTES = 3993;
/** The longest that a push service keeps a message: 4 weeks (FCM's limit). */
export const MAX_PUSH_TTL_SECONDS = 28 * 24 * 60 * 60;
/** Characters of a provider's answer that are kept. */
export const MAX_PROVIDER_MESSAGE = 256;

/** Hosts of push services that a push channel allows beside the known ones. */
export const MAX_PUSH_HOSTS = 20;

/** How often every object is asked whether its alarm is set. */
export const WAKE_ROUND_MS = 24 * 60 * 60 * 1000;
/** Objects that one run of the cron trigger asks: every ten minutes, so 288,000 a day. */
export const WAKE_OBJECTS_PER_RUN = 2000;
