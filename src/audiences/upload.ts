import { getApp, getRootSecret } from "../apps/lookup.ts";
import { openRegistry } from "../apps/registry-binding.ts";
import type { Actor } from "../audit-log/model.ts";
import type { Bindings } from "../env.ts";
import { OnecallError, unavailable } from "../errors.ts";
import type { Context } from "../http/context.ts";
import { readForm } from "../http/multipart.ts";
import { addressOf, countWrongCredentials, guardLookups } from "../http/stranger-limit.ts";
import { isUserId } from "../http/validation.ts";
import { newId } from "../ids.ts";
import { keys } from "../keys.ts";
import { MAX_FILE_ROWS, MAX_UPLOAD_BYTES, MAX_VARIABLES_BYTES, TARGETS_FILE_TTL_MS } from "../limits.ts";
import type { UserPlacement } from "../users/hash.ts";
import { AudienceBuilder } from "./builder.ts";
import { CsvReader, type CsvRules, type CsvSummary } from "./csv.ts";
import { CsvArchive } from "./csv-archive.ts";
import { deleteAudiences, storeAudience } from "./store.ts";
import { appIdOfFields, type UploadFields, type UploadPolicy, verifyUpload } from "./upload-signature.ts";
import { takeUploadSlot, type UploadSlot } from "./upload-slot.ts";
import { countBreaksBeforeFault, joinBytes } from "./utf8-fault.ts";

const FILE_FIELD = "file";

const CSV_RULES: CsvRules = {
  idColumn: "user_id",
  // A failures file has it; see docs/api.md.
  reservedColumns: ["_reason"],
  isId: isUserId,
  idMessage: "must be a user id: 1 to 255 bytes of text without control characters",
  maxRows: MAX_FILE_ROWS,
  maxRowLength: MAX_VARIABLES_BYTES,
};

/**
 * Takes an upload form: the signed fields, then the file. The CSV is checked whole while it streams in;
 * only then can it be sent. A refused file leaves nothing behind and doesn't use its permission up.
 */
export async function receiveUpload(env: Bindings, request: Request, requestId: string): Promise<void> {
  checkLength(request);
  // Without a prototype: a field may have any name.
  const fields: UploadFields = Object.create(null);
  let upload: FileUpload | null = null;
  let slot: UploadSlot | null = null;
  try {
    for await (const event of readForm(request, FILE_FIELD)) {
      if (event.kind === "field") fields[event.name] = event.value;
      else if (event.kind === "file") {
        if (upload !== null) throw new OnecallError("ERR_BAD_REQUEST", "file: send one file only");
        const policy = await requirePolicy({ env, address: addressOf(request) }, fields);
        slot = await takeUploadSlot();
        upload = await FileUpload.open(env, policy, requestId);
      } else if (event.kind === "bytes") {
        slot?.touch();
        await upload?.write(event.bytes);
      }
    }
    if (upload === null)
      throw new OnecallError("ERR_BAD_REQUEST", "file: is missing; it comes after the fields");
    // Only now: what follows the file may show that the form isn't one.
    slot?.touch();
    await upload.finish();
  } catch (error) {
    await upload?.discard();
    throw error;
  } finally {
    slot?.release();
  }
}

/** One file on its way in. */
class FileUpload {
  readonly #env: Bindings;
  readonly #policy: UploadPolicy;
  readonly #requestId: string;
  readonly #audienceId = newId();
  readonly #archive: CsvArchive;
  readonly #builder: AudienceBuilder;
  readonly #reader: CsvReader;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  /** The end of the last piece: a character may go on in the next. */
  #lastBytes = new Uint8Array();
  #size = 0;
  /** The registry was asked to name the file, and its answer isn't known. */
  #mayBeNamed = false;

  private constructor(env: Bindings, policy: UploadPolicy, requestId: string, placement: UserPlacement) {
    this.#env = env;
    this.#policy = policy;
    this.#requestId = requestId;
    this.#archive = new CsvArchive(env.TARGETS, keys.r2TargetsFile(policy.appId, this.#audienceId));
    this.#builder = new AudienceBuilder(placement, "last");
    this.#reader = new CsvReader(CSV_RULES, (id, cells) =>
      this.#builder.add(id, JSON.stringify([id, ...cells])),
    );
  }

  static async open(env: Bindings, policy: UploadPolicy, requestId: string): Promise<FileUpload> {
    const { appId, fileKey, mayOverwrite } = policy;
    if (!mayOverwrite && (await openRegistry(env, appId).getTargetsFile(fileKey)) !== null)
      throw isTaken(fileKey);
    return new FileUpload(env, policy, requestId, await getApp(env, appId));
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length;
    if (this.#size > this.#policy.maxBytes) {
      throw new OnecallError("ERR_PAYLOAD_TOO_LARGE", `file: has more than ${this.#policy.maxBytes} bytes`);
    }
    this.#read(() => this.#decoder.decode(bytes, { stream: true }), bytes);
    await this.#archive.write(bytes).catch(rethrowUnavailable);
  }

  async finish(): Promise<void> {
    this.#read(() => this.#decoder.decode(), new Uint8Array());
    const summary = this.#reader.end();
    if (summary.faultCount > 0) throw invalidFile(summary);
    const { appId, fileKey, mayOverwrite, presignedBy } = this.#policy;
    const audience = this.#builder.finish();
    const stored = await storeAudience(this.#env, appId, this.#audienceId, audience, summary.columns).catch(
      rethrowUnavailable,
    );
    await this.#archive.finish().catch(rethrowUnavailable);
    const now = Date.now();
    const file = {
      fileKey,
      audienceId: this.#audienceId,
      audienceEtag: stored.ref.etag,
      size: this.#size,
      rows: audience.total,
      columns: summary.columns,
      duplicates: audience.duplicates,
      uploadedAt: now,
      expiresAt: now + TARGETS_FILE_TTL_MS,
    };
    // The form has no credentials: who asked for its permission uploads.
    const { key = null, keyId = null } = presignedBy ?? {};
    const actor: Actor = { type: "api_key", key, keyId, requestId: this.#requestId };
    // Here it is decided which of two uploads at once has the key.
    this.#mayBeNamed = true;
    const named = await openRegistry(this.#env, appId).putTargetsFile(file, mayOverwrite, actor);
    if (named !== null && named !== "no app") return;
    this.#mayBeNamed = false;
    if (named === "no app") throw new OnecallError("ERR_NOT_FOUND", "There is no such app any more.");
    throw isTaken(fileKey);
  }

  /** Removes all that was written, unless the registry may name it. */
  async discard(): Promise<void> {
    if (this.#mayBeNamed) return;
    const { appId } = this.#policy;
    const removals = await Promise.allSettled([
      this.#archive.abort(),
      this.#env.TARGETS.delete(keys.r2TargetsFile(appId, this.#audienceId)),
      deleteAudiences(this.#env, appId, [this.#audienceId]),
    ]);
    for (const removal of removals) {
      if (removal.status === "fulfilled") continue;
      // What stays can't be reached by any key and ends with the bucket's lifecycle rule.
      console.error({ message: "a refused upload was not removed", app: appId, error: removal.reason });
    }
  }

  #read(decode: () => string, bytes: Uint8Array): void {
    try {
      this.#reader.write(decode());
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const breaks = countBreaksBeforeFault(this.#lastBytes, bytes);
      this.#reader.stop("\n".repeat(breaks), "the text isn't UTF-8; save the file as UTF-8");
      throw invalidFile(this.#reader.end());
    }
    this.#lastBytes = joinBytes(this.#lastBytes, bytes.subarray(-3)).slice(-3);
  }
}

function rethrowUnavailable(error: unknown): never {
  throw unavailable(error);
}

function checkLength(request: Request): void {
  const length = request.headers.get("content-length");
  if (length === null) {
    throw new OnecallError(
      "ERR_BAD_REQUEST",
      "Send the upload with a Content-Length: chunked bodies aren't taken.",
    );
  }
  if (Number(length) > MAX_UPLOAD_BYTES) {
    throw new OnecallError("ERR_PAYLOAD_TOO_LARGE", `The upload has more than ${MAX_UPLOAD_BYTES} bytes.`);
  }
}

async function requirePolicy(
  context: Pick<Context, "env" | "address">,
  fields: UploadFields,
): Promise<UploadPolicy> {
  const appId = appIdOfFields(fields);
  const secret = appId === null ? null : await getRootSecret(context.env, appId, guardLookups(context));
  const verified = secret === null ? "missing" : await verifyUpload(secret, fields, Date.now());
  if (typeof verified !== "string") return verified;
  if (appId !== null && verified !== "expired") await countWrongCredentials(context);
  const messages = {
    missing: "The form lacks the presigned fields; send them all, unchanged, before the file.",
    forged:
      "The presigned fields were changed, or one is missing or added; send exactly those that were returned.",
    expired: "The presigned URL has expired; request a new one.",
  };
  throw new OnecallError("ERR_FORBIDDEN", messages[verified]);
}

function isTaken(fileKey: string): OnecallError {
  return new OnecallError(
    "ERR_CONFLICT",
    `A targets file with the key "${fileKey}" exists. Use another key, or allow overwriting.`,
  );
}

/** Every fault with its line, at most the first 20, and how many there are. */
function invalidFile({ faults, faultCount }: CsvSummary): OnecallError {
  const byLine = Map.groupBy(faults, ({ line }) => `line ${line}`);
  const listed = [...byLine].map(
    ([line, found]) => `${line}: ${found.map(({ message }) => message).join("; ")}`,
  );
  const more =
    faultCount > faults.length ? ` (${faultCount} errors in all, the first ${faults.length} are shown)` : "";
  return new OnecallError("ERR_INVALID_TARGETS_FILE", `${listed.join(" · ")}${more}`);
}
