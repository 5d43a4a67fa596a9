/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

export interface ServiceOperations {
  /**
   * GET /health
   *
   * That the Worker answers, and with which bindings
   */
  getHealth: {
    answer: Health;
  };
  /**
   * GET /
   *
   * Where everything is
   */
  getService: {
    answer: {
      name: string;
      version: string;
      docs: string;
      openapi: string;
      health: string;
    };
  };
  /**
   * GET /openapi.json
   *
   * This document: OpenAPI 3.1
   */
  getOpenApi: {
    answer: {
      [k: string]: unknown;
    };
  };
  /**
   * GET /docs
   *
   * This document as a page
   */
  getDocs: {
    answer: string;
  };
}

export interface Health {
  status: "ok" | "error";
  bindings: {
    kv: boolean;
    r2: boolean;
    queues: boolean;
    durableObjects: boolean;
  };
  variables?: {
    [k: string]: string;
  };
}
