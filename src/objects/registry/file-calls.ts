import { deleteFiles } from "../../audiences/store.ts";
import type { Actor } from "../../model/audit.ts";
import { FILES_PER_TURN } from "../../model/limits.ts";
import { NO_APP, NO_TARGETS_FILE } from "../../model/missing.ts";
import { type Outcome, refuse, succeed } from "../../model/outcome.ts";
import type { ListedTargetsFile, TargetsFile } from "../../model/targets-file.ts";
import { requireRoom } from "../kit/room.ts";
import { describeFileDeletion, describeUpload } from "./describe-change.ts";
import { TemplateCalls } from "./template-calls.ts";

/** The duty's kind: what R2 has of ended targets files goes. */
export const FILES_DUTY = "files";

/** About the app's targets files. */
export class FileCalls extends TemplateCalls {
  getTargetsFile(fileKey: string): TargetsFile | null {
    return this.files.get(fileKey, Date.now());
  }

  useTargetsFile(fileKey: string, until: number): TargetsFile | null {
    return this.due.transaction(() => {
      const file = this.files.get(fileKey, Date.now());
      if (file !== null) this.fileAudiences.noteUse(file.audienceId, until);
      return file;
    });
  }

  keepAudience(audienceId: string): void {
    this.due.transaction(() => this.fileAudiences.keep(audienceId));
  }

  listTargetsFiles(beforeId: string | null, limit: number): ListedTargetsFile[] {
    return this.files.list(beforeId, limit, Date.now());
  }

  putTargetsFile(
    file: Omit<TargetsFile, "id">,
    mayOverwrite: boolean,
    actor: Actor,
  ): Outcome<{ id: string }> {
    if (!this.exists()) return NO_APP;
    requireRoom(this.ctx.storage, this.env);
    return this.due.transaction(() => {
      const now = Date.now();
      this.quotas.add("files", -this.files.expire(now));
      const replaced = this.files.get(file.fileKey, now);
      const more = this.files.has(file.fileKey) ? 0 : 1;
      const refused = this.quotas.check("files", more) ?? this.quotas.check("uploadedBytesPerDay", file.size);
      if (refused !== null) return refused;
      const stored = this.files.put(file, mayOverwrite, now);
      if (stored === null) {
        const message = `A targets file with the key "${file.fileKey}" exists. Use another key, or allow overwriting.`;
        return refuse("ERR_CONFLICT", message);
      }
      this.fileAudiences.add(stored.audienceId, stored.expiresAt);
      this.due.bringForward(FILES_DUTY, "", stored.expiresAt);
      if (replaced !== null && replaced.audienceId !== stored.audienceId) this.#endAudience(replaced, now);
      this.quotas.add("files", more);
      this.quotas.add("uploadedBytesPerDay", file.size);
      this.record(actor, [describeUpload(stored, replaced)]);
      return succeed({ id: stored.id });
    });
  }

  deleteTargetsFile(fileKey: string, actor: Actor): Outcome<{ fileKey: string }> {
    return this.due.transaction(() => {
      const now = Date.now();
      const file = this.files.get(fileKey, now);
      if (file === null) return NO_TARGETS_FILE;
      this.record(actor, [describeFileDeletion(file)]);
      this.#endAudience(file, now);
      this.files.delete(fileKey);
      this.quotas.add("files", -1);
      return succeed({ fileKey });
    });
  }

  /** One slice of what has ended. */
  protected async removeEndedFiles(now: number): Promise<void> {
    const ended = this.due.transaction(() => this.fileAudiences.listEnded(now, FILES_PER_TURN));
    if (ended.length > 0) await deleteFiles(this.env, this.requireRecord().id, ended);
    this.due.transaction(() => {
      this.fileAudiences.remove(ended);
      const hasMore = ended.length === FILES_PER_TURN;
      this.due.setCleanup(FILES_DUTY, { hasMore, at: this.fileAudiences.getNextEnd() }, now);
    });
  }

  #endAudience({ audienceId }: Pick<TargetsFile, "audienceId">, now: number): void {
    this.fileAudiences.end(audienceId, now);
    this.due.bringForward(FILES_DUTY, "", now);
  }
}
