import type { ListedTargetsFile, PresignedUpload, TargetsFile } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { type Answer, api, type Body, type Query, Resource } from "../requests.ts";
import { type UploadProgress, uploadForm } from "../upload.ts";

export interface UploadOptions extends CallOptions {
  /** What the file is called at Onecall. Default: the name of a `File`. */
  key?: string;
  /** In place of a file of that key. Default: false. */
  overwrite?: boolean;
  onProgress?: (progress: UploadProgress) => void;
}

/** Targets files: CSVs of up to 100,000 users with their variables. */
export class Files extends Resource {
  /**
   * Uploads a CSV, and says what was found in it: it can be sent to at once.
   *
   * @param file a page's `File`, a `Blob`, or the text of it.
   */
  async upload(
    file: Blob | string,
    { key, overwrite = false, onProgress, ...options }: UploadOptions = {},
  ): Promise<TargetsFile> {
    const blob = typeof file === "string" ? new Blob([file]) : file;
    const fileKey = key ?? ("name" in blob ? String(blob.name) : "");
    const presigned = await this.presign(fileKey, { overwriteDuplicateKey: overwrite }, options);
    await uploadForm(this.requests, presigned, blob, onProgress, options);
    return this.get(fileKey, options);
  }

  /** The form that a page may upload with, without a key of the app's. */
  presign(
    fileKey: string,
    body: Body<"presignTargetsFile"> = {},
    options?: CallOptions,
  ): Promise<PresignedUpload> {
    return this.requests.postAgain(api`/targets-files/${fileKey}/presigned-urls`, options, body);
  }

  list(query?: Query<"listTargetsFiles">, options?: CallOptions): Pages<ListedTargetsFile> {
    return this.requests.list<"listTargetsFiles">(api`/targets-files`, options, query);
  }

  get(fileKey: string, options?: CallOptions): Promise<TargetsFile> {
    return this.requests.get(api`/targets-files/${fileKey}`, options);
  }

  /** The CSV. */
  download(fileKey: string, options?: CallOptions): Promise<string> {
    return this.requests.text(api`/targets-files/${fileKey}/content`, options);
  }

  delete(fileKey: string, options?: CallOptions): Promise<Answer<"deleteTargetsFile">> {
    return this.requests.delete(api`/targets-files/${fileKey}`, options);
  }
}
