import { getApp } from "../copies/app.ts";
import type { Bindings } from "../env.ts";
import { isUserId, USER_ID_MESSAGE } from "../http/validation.ts";
import type { Actor } from "../model/audit.ts";
import { OnecallError, unavailable } from "../model/errors.ts";
import { newId } from "../model/ids.ts";
import { keys } from "../model/keys.ts";
import {
  MAX_AUDIENCE_BYTES,
  MAX_FILE_ROWS,
  MAX_VARIABLES_BYTES,
  TARGETS_FILE_TTL_MS,
} from "../model/limits.ts";
import { pause } from "../model/pause.ts";
import type { UserPlacement } from "../model/user-hash.ts";
import { canonicalUserId, isPlainUserId, type UserIdRule } from "../model/user-ids.ts";
import { getRegistryStub } from "../objects/registry/contract.ts";
import { AudienceBuilder, type BuiltAudience } from "./builder.ts";
import { freeBytes, readPieces } from "./byte-pieces.ts";
import { CsvReader, type CsvRules, type CsvSummary } from "./csv.ts";
import { CsvArchive } from "./csv-archive.ts";
import { decompressStream } from "./gzip.ts";
import { deleteAudiences, storeAudience } from "./store.ts";
import { buildingMemory, type MemoryShare } from "./upload-memory.ts";
import type { UploadPolicy } from "./upload-signature.ts";

/** What most files become as rows, of their own bytes; one that becomes more asks for more memory. */
const USUAL_GROWTH = 2;
/** Rows are looked at so many bytes at a time, between which memory is asked for and others have their turn. */
const READ_BYTES = 256 * 1024;

const CSV_RULES: Omit<CsvRules, "toId" | "isPlainId"> = {
  idColumn: "user_id",
  // A failures file has it; see docs/api.md.
  reasonColumn: "_reason",
  isId: isUserId,
  idMessage: USER_ID_MESSAGE,
  maxRows: MAX_FILE_ROWS,
  maxRowLength: MAX_VARIABLES_BYTES,
  maxAudienceBytes: MAX_AUDIENCE_BYTES,
};

/** A file that can be sent from now on. */
export interface UploadedFile {
  fileKey: string;
  /** The ETag of the CSV in R2, as an HTTP header has it. */
  httpEtag: string;
}

/**
 * One file on its way in. A small one is held until it is there; a larger one goes to R2 while it arrives, at its
 * client's pace, and is read back, so that no slow client holds more than a part of it in memory. The audience is built
 * from the whole.
 */
export class FileUpload {
  readonly #env: Bindings;
  readonly #policy: UploadPolicy;
  readonly #requestId: string;
  readonly #placement: UserPlacement;
  readonly #audienceId = newId();
  /** Opened when it gets its first bytes: it holds more than a small file does. */
  #archive: CsvArchive | null = null;
  /** The file so far; null of a larger one. */
  readonly #held: Uint8Array | null;
  #size = 0;
  /** The registry was asked to name the file, and its answer isn't known. */
  #mayBeNamed = false;

  private constructor(
    env: Bindings,
    policy: UploadPolicy,
    { requestId, placement, held }: { requestId: string; placement: UserPlacement; held: number | null },
  ) {
    this.#env = env;
    this.#policy = policy;
    this.#requestId = requestId;
    this.#placement = placement;
    this.#held = held === null ? null : new Uint8Array(held);
  }

  /** `held`: the most bytes that the file can have, where it may be held whole; else null. */
  static async open(
    env: Bindings,
    policy: UploadPolicy,
    requestId: string,
    held: number | null,
  ): Promise<FileUpload> {
    const { appId, fileKey, mayOverwrite } = policy;
    if (!mayOverwrite && (await getRegistryStub(env, appId).getTargetsFile(fileKey)) !== null)
      throw isTaken(fileKey);
    return new FileUpload(env, policy, { requestId, placement: await getApp(env, appId), held });
  }

  get #userIdRule(): UserIdRule {
    return { foldsUserIds: this.#policy.foldsUserIds ?? false };
  }

  get #archiveKey(): string {
    return keys.r2TargetsFile(this.#policy.appId, this.#audienceId);
  }

  async write(bytes: Uint8Array): Promise<void> {
    const start = this.#size;
    this.#size += bytes.length;
    if (this.#size > this.#policy.maxBytes) {
      throw new OnecallError("ERR_PAYLOAD_TOO_LARGE", `file: has more than ${this.#policy.maxBytes} bytes`);
    }
    if (this.#held === null) await this.#openArchive().write(bytes);
    else this.#held.set(bytes, start);
  }

  /** Checks the file whole, stores its audience and names it. `receiving` is let go of as soon as it can be. */
  async finish(receiving: MemoryShare): Promise<UploadedFile> {
    const held = this.#held?.subarray(0, this.#size) ?? null;
    const stored = held === null ? await this.#openArchive().finish() : null;
    if (held === null) receiving.release();
    const building = await buildingMemory.take(this.#policy.appId, this.#size * USUAL_GROWTH + READ_BYTES);
    const builder = new AudienceBuilder(this.#placement, "last");
    try {
      const pieces = held === null ? await this.#readArchive() : [held];
      const { audience, summary } = await this.#build(pieces, building, builder);
      const [object, { ref }] = await Promise.all([
        stored ?? this.#archiveHeld(held ?? new Uint8Array()),
        storeAudience(this.#env, this.#policy.appId, this.#audienceId, audience, {
          columns: summary.columns,
          ...this.#userIdRule,
        }),
      ]);
      await this.#nameFile(audience, summary, ref.etag);
      return { fileKey: this.#policy.fileKey, httpEtag: object.httpEtag };
    } finally {
      builder.release();
      building.release();
    }
  }

  /** Removes all that was written, unless the registry may name it. */
  async discard(): Promise<void> {
    if (this.#held !== null) freeBytes(this.#held);
    if (this.#mayBeNamed) return;
    const { appId } = this.#policy;
    const removals = await Promise.allSettled([
      this.#archive?.abort(),
      this.#env.TARGETS.delete(this.#archiveKey),
      deleteAudiences(this.#env, appId, [this.#audienceId]),
    ]);
    for (const removal of removals) {
      if (removal.status === "fulfilled") continue;
      // What stays can't be reached by any key and ends with the bucket's lifecycle rule.
      console.error({ message: "a refused upload was not removed", app: appId, error: removal.reason });
    }
  }

  #openArchive(): CsvArchive {
    this.#archive ??= new CsvArchive(this.#env.TARGETS, this.#archiveKey);
    return this.#archive;
  }

  async #archiveHeld(held: Uint8Array): Promise<R2Object> {
    const archive = this.#openArchive();
    for (let start = 0; start < held.length; start += READ_BYTES) {
      await archive.write(held.subarray(start, start + READ_BYTES));
      await pause();
    }
    freeBytes(held);
    return archive.finish();
  }

  async #readArchive(): Promise<AsyncIterable<Uint8Array>> {
    const object = await this.#env.TARGETS.get(this.#archiveKey);
    if (object === null) throw unavailable(new Error("The uploaded file can't be read back"));
    return readPieces(decompressStream(object.body), READ_BYTES);
  }

  async #build(
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    memory: MemoryShare,
    builder: AudienceBuilder,
  ): Promise<{ audience: BuiltAudience; summary: CsvSummary }> {
    const rule = this.#userIdRule;
    const rules: CsvRules = {
      ...CSV_RULES,
      toId: (sent) => canonicalUserId(rule, sent),
      isPlainId: (bytes, start, end) => isPlainUserId(rule, bytes, start, end),
    };
    const reader = new CsvReader(rules, (id, json, isFull) => builder.add(id, json, isFull));
    for await (const piece of pieces) {
      for (let start = 0; start < piece.length; start += READ_BYTES) {
        reader.write(piece.subarray(start, start + READ_BYTES));
        await memory.grow(builder.heldBytes);
        await pause();
      }
    }
    const summary = reader.end();
    if (summary.faultCount > 0) throw invalidFile(summary);
    return { audience: builder.finish(), summary };
  }

  async #nameFile(audience: BuiltAudience, { columns }: CsvSummary, audienceEtag: string): Promise<void> {
    const { appId, fileKey, mayOverwrite, presignedBy } = this.#policy;
    const now = Date.now();
    const file = {
      fileKey,
      audienceId: this.#audienceId,
      audienceEtag,
      size: this.#size,
      rows: audience.total,
      columns,
      duplicates: audience.duplicates,
      uploadedAt: now,
      expiresAt: now + TARGETS_FILE_TTL_MS,
    };
    // A form has no credentials: the upload is that of the key which asked for its permission.
    const { key = null, keyId = null } = presignedBy ?? {};
    const actor: Actor = { type: "api_key", key, keyId, requestId: this.#requestId };
    // The registry decides here which of two uploads at the same time gets the file key.
    this.#mayBeNamed = true;
    const named = await getRegistryStub(this.#env, appId).putTargetsFile(file, mayOverwrite, actor);
    if (named.ok) return;
    this.#mayBeNamed = false;
    throw new OnecallError(named.code, named.message);
  }
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
