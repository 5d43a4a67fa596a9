import { findRootSecret } from "../copies/root-secrets.ts";
import type { Bindings } from "../env.ts";
import type { Context } from "../http/context.ts";
import { readForm } from "../http/multipart.ts";
import { addressOf, countWrongCredentials, guardLookups } from "../http/stranger-limit.ts";
import { OnecallError } from "../model/errors.ts";
import { MAX_UPLOAD_BYTES, WHOLE_UPLOAD_BYTES } from "../model/limits.ts";
import { type Outcome, requireValue } from "../model/outcome.ts";
import type { RootSecret } from "../model/root-secret.ts";
import { FileUpload, type UploadedFile } from "./file-upload.ts";
import { readPaced, UPLOAD_PACE } from "./paced-body.ts";
import { type MemoryShare, receivingBytes, receivingMemory } from "./upload-memory.ts";
import {
  appIdOfFields,
  EXPIRED_FIELDS,
  generationOfFields,
  MISSING_FIELDS,
  type UploadFields,
  type UploadPolicy,
  verifyUpload,
} from "./upload-signature.ts";

const FILE_FIELD = "file";

/**
 * Takes an upload form: the signed fields, then the file. The CSV is checked whole; only then can it be sent. A
 * refused file leaves nothing behind and doesn't use its permission up.
 */
export async function receiveUpload(
  env: Bindings,
  request: Request,
  requestId: string,
  pace = UPLOAD_PACE,
): Promise<UploadedFile> {
  const length = readLength(request);
  const form = new UploadForm({ env, requestId, address: addressOf(request) }, length);
  const body = request.body ?? new Blob([]).stream();
  try {
    const pieces = readPaced(body, pace, () => form.findRefusal());
    for await (const event of readForm(request.headers.get("content-type"), pieces, FILE_FIELD)) {
      if (event.kind === "field") form.addField(event.name, event.value);
      else if (event.kind === "file") await form.openFile();
      else if (event.kind === "bytes") await form.write(event.bytes);
    }
    // Judged at the end alone: what follows the file may show that the body isn't a form.
    return await form.finish();
  } catch (error) {
    await form.discard();
    throw error;
  } finally {
    form.release();
  }
}

/** The form so far, and the memory that it holds. */
class UploadForm {
  readonly #context: Pick<Context, "env" | "requestId" | "address">;
  readonly #length: number;
  // Without a prototype: a field may have any name.
  readonly #fields: UploadFields = Object.create(null);
  #upload: FileUpload | null = null;
  #share: MemoryShare | null = null;

  constructor(context: Pick<Context, "env" | "requestId" | "address">, length: number) {
    this.#context = context;
    this.#length = length;
  }

  /** A field of the form. Those behind the file are ignored. */
  addField(name: string, value: string): void {
    if (this.#upload === null) this.#fields[name] = value;
  }

  async openFile(): Promise<void> {
    if (this.#upload !== null) throw new OnecallError("ERR_BAD_REQUEST", "file: send one file only");
    const { env, requestId } = this.#context;
    const policy = await requirePolicy(this.#context, this.#fields);
    this.#share = await receivingMemory.take(policy.appId, receivingBytes(this.#length));
    const held = this.#length <= WHOLE_UPLOAD_BYTES ? this.#length : null;
    this.#upload = await FileUpload.open(env, policy, requestId, held);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#upload?.write(bytes);
  }

  async finish(): Promise<UploadedFile> {
    if (this.#upload === null || this.#share === null) {
      throw new OnecallError("ERR_BAD_REQUEST", "file: is missing; it comes after the fields");
    }
    return this.#upload.finish(this.#share);
  }

  /** Why the upload must end now, if it must. */
  findRefusal(): OnecallError | null {
    if (this.#share?.isRevoked !== true) return null;
    return new OnecallError(
      "ERR_UNAVAILABLE",
      "The upload took long and others needed its place. Repeat it, in a few seconds.",
      { headers: { "retry-after": "5" } },
    );
  }

  async discard(): Promise<void> {
    await this.#upload?.discard();
  }

  release(): void {
    this.#share?.release();
  }
}

function readLength(request: Request): number {
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
  return Number(length);
}

async function requirePolicy(
  context: Pick<Context, "env" | "address">,
  fields: UploadFields,
): Promise<UploadPolicy> {
  const appId = appIdOfFields(fields);
  const root =
    appId === null
      ? null
      : await findRootSecret(context.env, appId, generationOfFields(fields), guardLookups(context));
  const verified = await verifyFields(root, fields);
  // Who comes with a form of yesterday isn't guessing, and fields that name no app are nobody's.
  const isGuess = !verified.ok && verified !== EXPIRED_FIELDS && appId !== null;
  if (isGuess) await countWrongCredentials(context);
  return requireValue(verified);
}

async function verifyFields(
  root: RootSecret | "ended" | null,
  fields: UploadFields,
): Promise<Outcome<UploadPolicy>> {
  if (root === null) return MISSING_FIELDS;
  return root === "ended" ? EXPIRED_FIELDS : verifyUpload(root.secret, fields, Date.now());
}
