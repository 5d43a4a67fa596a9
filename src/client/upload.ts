import type { PresignedUpload, TargetsFile } from "./api-types.ts";
import { OnecallError } from "./errors.ts";
import { makeKey } from "./idempotency.ts";
import type { CallOptions } from "./options.ts";
import { pageFetch } from "./page-fetch.ts";
import { api, type Requests } from "./requests.ts";

/** Bytes of the file; from 0 again where it is tried again. */
export interface UploadProgress {
  loaded: number;
  total: number;
}

/** Told of bytes of the file, or of the form before it: those are below 0. */
type OnProgress = (bytes: number) => void;

/** What only some runtimes have. */
interface Surroundings {
  FixedLengthStream?: new (
    bytes: number,
  ) => ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>;
  process?: { versions?: { undici?: string } };
}

/** As long as the service waits for it. */
const UPLOAD_TIMEOUT_MS = 600_000;
/** Between two looks at how far it is, bytes. */
const PIECE_BYTES = 64 * 1024;

/** Posts the form that was presigned, with the file. */
export async function uploadForm(
  requests: Requests,
  { url, fields, fileKey }: PresignedUpload,
  file: Blob,
  onProgress: ((progress: UploadProgress) => void) | undefined,
  options: CallOptions,
): Promise<void> {
  const total = file.size;
  const tell =
    onProgress && ((bytes: number) => onProgress({ loaded: Math.min(Math.max(bytes, 0), total), total }));
  const fetch = tell && pageFetch((bytes, ofForm) => tell(bytes - (ofForm - total)));
  let tries = 0;
  const form = () => {
    tries++;
    return makeForm(fields, file, fetch === undefined ? tell : undefined);
  };
  try {
    await requests.send(
      { method: "POST", path: url, credential: null, form, fetch, isRepeatable: true },
      { timeoutMs: UPLOAD_TIMEOUT_MS, ...options },
    );
  } catch (error) {
    const isTaken = error instanceof OnecallError && error.code === "ERR_CONFLICT" && tries > 1;
    if (!isTaken || !(await isOurs(requests, fileKey, file, options))) throw error;
  }
  tell?.(total);
}

/** The key was free when the form was presigned: a file of this size there now came by a try whose answer was lost. */
async function isOurs(
  requests: Requests,
  fileKey: string,
  file: Blob,
  options: CallOptions,
): Promise<boolean> {
  const { size } = await requests.get<TargetsFile>(api`/targets-files/${fileKey}`, options);
  return size === file.size;
}

/** `multipart/form-data`: the fields, then the file. Written here, so that its length is known before it is read. */
function makeForm(
  fields: Readonly<Record<string, string>>,
  file: Blob,
  onProgress: OnProgress | undefined,
): RequestInit {
  const boundary = `onecall-${makeKey()}`;
  const part = (name: string, more: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}`;
  const parts = Object.entries(fields).map(([name, value]) => part(name, `\r\n\r\n${value}\r\n`));
  const head = new Blob([
    ...parts,
    part("file", '; filename="targets.csv"\r\nContent-Type: text/csv\r\n\r\n'),
  ]);
  const whole = new Blob([head, file, `\r\n--${boundary}--\r\n`]);
  const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
  const counted =
    onProgress === undefined ? null : countBytes(whole, (bytes) => onProgress(bytes - head.size));
  return counted === null
    ? { headers, body: whole }
    : { ...counted, headers: { ...headers, ...counted.headers } };
}

/**
 * The body as a stream that says how far it is read. The service wants its length, which only some runtimes let one say
 * of a stream: null in the others. A page has another way.
 */
function countBytes(
  whole: Blob,
  onBytes: (bytes: number) => void,
): ({ headers: Record<string, string> } & RequestInit) | null {
  const { FixedLengthStream, process } = globalThis as Surroundings;
  let bytes = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const piece = await whole.slice(bytes, bytes + PIECE_BYTES).arrayBuffer();
      bytes += piece.byteLength;
      controller.enqueue(new Uint8Array(piece));
      onBytes(bytes);
      if (bytes === whole.size) controller.close();
    },
  });
  if (FixedLengthStream !== undefined)
    return { headers: {}, body: body.pipeThrough(new FixedLengthStream(whole.size)) };
  // Node's `fetch`; others say that they are Node, and leave the length out.
  if (process?.versions?.undici === undefined) return null;
  const init: RequestInit & { duplex: "half" } = { body, duplex: "half" };
  return { ...init, headers: { "content-length": String(whole.size) } };
}
