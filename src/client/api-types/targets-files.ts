/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

export interface TargetsFilesOperations {
  /**
   * GET /v3/business-messaging/api/targets-files
   *
   * Targets files, newest first, without their columns
   */
  listTargetsFiles: {
    query: {
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: ListedTargetsFile[];
      nextCursor: string | null;
    };
  };
  /**
   * POST /v3/business-messaging/api/targets-files/{fileKey}/presigned-urls
   *
   * A signed form to upload a CSV with
   */
  presignTargetsFile: {
    body: {
      overwriteDuplicateKey?: boolean | null;
    };
    answer: PresignedUpload;
  };
  /**
   * GET /v3/business-messaging/api/targets-files/{fileKey}/content
   *
   * The CSV as it was uploaded
   */
  downloadTargetsFile: {
    answer: string;
  };
  /**
   * GET /v3/business-messaging/api/targets-files/{fileKey}
   *
   * A targets file
   */
  getTargetsFile: {
    answer: TargetsFile;
  };
  /**
   * DELETE /v3/business-messaging/api/targets-files/{fileKey}
   *
   * Delete a file; sends that were accepted go out whole
   */
  deleteTargetsFile: {
    answer: {
      fileKey: string;
      deleted: true;
    };
  };
}

export interface ListedTargetsFile {
  id: string;
  fileKey: string;
  size: number;
  rows: number;
  duplicates: number;
  uploadedAt: string;
  expiresAt: string;
}

export interface PresignedUpload {
  url: string;
  fields: {
    [k: string]: string;
  };
  fileKey: string;
}

export interface TargetsFile extends ListedTargetsFile {
  columns: string[];
}
