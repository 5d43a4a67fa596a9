/** What a list has of a file: there may be many columns. */
export type ListedTargetsFile = Omit<TargetsFile, "columns">;

/** A targets file that can be sent: a name for an audience. Times in Unix ms. */
export interface TargetsFile {
  fileKey: string;
  /** The id of this upload: another upload under the same key has another. */
  id: string;
  audienceId: string;
  audienceEtag: string;
  /** Bytes of the CSV. */
  size: number;
  /** Targets, duplicates not counted. */
  rows: number;
  columns: string[];
  duplicates: number;
  uploadedAt: number;
  expiresAt: number;
}
