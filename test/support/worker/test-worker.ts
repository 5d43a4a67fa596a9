export interface TestWorkerOptions {
  /** The URL of fake push providers; without it pushes go to the real ones. */
  providers?: string;
}

/** A Worker of a file of tests. */
export interface TestWorker {
  url: string;
  adminToken: string;
  stop(): Promise<unknown>;
}
