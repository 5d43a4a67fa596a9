/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

import type {
  ApiKey,
  ApiKeyInUse,
  App,
  AppStatus,
  AppWithQuotas,
  CountsCheck,
  Erasure,
  NewApiKey,
  NewApp,
  SignInCode,
} from "./admin-forms.ts";

export interface AdminOperations {
  /**
   * POST /admin/apps
   *
   * Make an app; the answer shows its first key, with every scope, once
   */
  createApp: {
    body: {
      id?: string | null;
      name: string;
      shardCount?: number | null;
      foldsUserIds?: boolean | null;
    };
    answer: NewApp;
  };
  /**
   * GET /admin/apps
   *
   * Apps by id; a new one can take up to a minute to be listed everywhere
   */
  listApps: {
    query: {
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: App[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /admin/apps/{app}
   *
   * An app with its quotas
   */
  getApp: {
    answer: AppWithQuotas;
  };
  /**
   * PUT /admin/apps/{app}
   *
   * Set what an app may have; null is the default again
   */
  updateApp: {
    body: {
      quotas: {
        keys?: number | null;
        channels?: number | null;
        templates?: number | null;
        templateVersions?: number | null;
        files?: number | null;
        uploadedBytesPerDay?: number | null;
        users?: number | null;
        tags?: number | null;
        webhooks?: number | null;
      };
    };
    answer: AppWithQuotas;
  };
  /**
   * DELETE /admin/apps/{app}
   *
   * Close an app at once, and erase all of it in minutes
   */
  deleteApp: {
    body: {
      name: string;
    };
    answer: {
      id: string;
      state: "deleting";
      step: string;
      startedAt: string;
    };
  };
  /**
   * GET /admin/apps/{app}/erasure
   *
   * How far the erasure of a deleted app is
   */
  getErasure: {
    answer: Erasure;
  };
  /**
   * POST /admin/apps/{app}/keys
   *
   * Make an API key, which is shown once
   */
  createKey: {
    body: {
      name: string;
      /**
       * @maxItems 50
       */
      scopes: unknown[];
    };
    answer: NewApiKey;
  };
  /**
   * GET /admin/apps/{app}/keys
   *
   * All API keys, masked
   */
  listKeys: {
    answer: {
      data: ApiKey[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /admin/apps/{app}/keys/{key}
   *
   * An API key with what revoking it ends, and what goes on
   */
  getKey: {
    answer: ApiKeyInUse;
  };
  /**
   * DELETE /admin/apps/{app}/keys/{key}
   *
   * Revoke an API key
   */
  revokeKey: {
    answer: {
      id: string;
      name: string;
      scopes: ("send" | "read" | "manage")[];
      key: string;
      createdAt: string;
      lastUsedAt: string | null;
      uses: {
        send: string | null;
        read: string | null;
        manage: string | null;
      };
      revoked: true;
    };
  };
  /**
   * POST /admin/apps/{app}/rotate-root-secret
   *
   * Sign user tokens, socket tickets and upload forms anew; earlier ones are taken until the grace ends
   */
  rotateRootSecret: {
    body: {
      gracePeriodHours?: number;
    };
    answer: {
      id: string;
      generation: number;
      previousUntil: string;
    };
  };
  /**
   * POST /admin/apps/{app}/sign-in-codes
   *
   * A link to the dashboard that signs the operator in once, within ten minutes
   */
  createSignInCode: {
    answer: SignInCode;
  };
  /**
   * GET /admin/status
   *
   * What isn't done with, app by app
   */
  listStatus: {
    query: {
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: AppStatus[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /admin/apps/{app}/status
   *
   * What isn't done with, of one app
   */
  getStatus: {
    answer: AppStatus;
  };
  /**
   * GET /admin/apps/{app}/audit/{notification}
   *
   * The ledger's counts beside the shards' own rows
   */
  checkCounts: {
    answer: CountsCheck;
  };
}
