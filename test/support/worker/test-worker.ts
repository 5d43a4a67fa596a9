export interface TestWorkerOptions {
  /** The URL of fake push providers; without it pushes go to the real ones. */
  providers?: string;
  /**
   * A state folder that stays, as `npm start` has it, which can go on with it. This Worker takes many calls at once,
   * too: see many-calls.ts.
   */
  persistTo?: string;
}

/** A Worker of a file of tests. */
export interface TestWorker {
  url: string;
  adminToken: string;
  stop(): Promise<unknown>;
}
