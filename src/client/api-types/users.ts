/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

import type { Device, NewDevice } from "./shared.ts";

export interface UsersOperations {
  /**
   * GET /v3/business-messaging/api/users
   *
   * Users by uid
   */
  listUsers: {
    query: {
      searchKey?: string;
      role?: string;
      status?: "online" | "offline";
      /**
       * ISO 8601 with a zone, or a date
       */
      createdFrom?: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      createdTo?: string;
      perPage?: number;
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: User[];
      nextCursor: string | null;
      meta: {
        pagination: {
          count: number;
          per_page: number;
        };
      };
    };
  };
  /**
   * POST /v3/business-messaging/api/users
   *
   * Make a user
   */
  createUser: {
    body: {
      uid: string;
      name?: string;
      avatar?: string | null;
      role?: string;
      metadata?: {} | null;
    };
    answer: User;
  };
  /**
   * GET /v3/business-messaging/api/user-count
   *
   * How many users there are, by the filters of their list
   */
  countUsers: {
    query: {
      searchKey?: string;
      role?: string;
      status?: "online" | "offline";
      /**
       * ISO 8601 with a zone, or a date
       */
      createdFrom?: string;
      /**
       * ISO 8601 with a zone, or a date
       */
      createdTo?: string;
    };
    answer: {
      count: number;
    };
  };
  /**
   * GET /v3/business-messaging/api/users/{uid}
   *
   * A user
   */
  getUser: {
    answer: User;
  };
  /**
   * PUT /v3/business-messaging/api/users/{uid}
   *
   * Change the given fields
   */
  updateUser: {
    body: {
      name?: string;
      avatar?: string | null;
      role?: string;
      metadata?: {} | null;
    };
    answer: User;
  };
  /**
   * DELETE /v3/business-messaging/api/users/{uid}
   *
   * Blank all that is stored of a user; counts stay as they are
   */
  deleteUser: {
    answer: {
      uid: string;
      deleted: true;
    };
  };
  /**
   * POST /v3/business-messaging/api/users/{uid}/auth_tokens
   *
   * A token for a user's client
   */
  createUserToken: {
    body: {
      expiresInSeconds?: number;
    };
    answer: {
      authToken: string;
      expiresAt: string;
    };
  };
  /**
   * POST /v3/business-messaging/api/users/{uid}/auth_tokens/read_only
   *
   * A token that reads the user's feed for ten minutes, and marks nothing; makes no user
   */
  createReadOnlyToken: {
    answer: {
      authToken: string;
      expiresAt: string;
    };
  };
  /**
   * POST /v3/business-messaging/api/users/{uid}/auth_tokens/revoke
   *
   * Refuse all of a user's tokens until now, and close sockets
   */
  revokeUserTokens: {
    answer: {
      uid: string;
      validFrom: string;
    };
  };
  /**
   * GET /v3/business-messaging/api/users/{uid}/devices
   *
   * A user's devices, the newest registration first
   */
  listDevices: {
    answer: {
      data: Device[];
      nextCursor: string | null;
    };
  };
  /**
   * POST /v3/business-messaging/api/users/{uid}/devices
   *
   * Register a user's device: 201 for a new one, 200 for one that is there
   */
  registerDevice: {
    body: NewDevice;
    answer: Device;
  };
  /**
   * DELETE /v3/business-messaging/api/users/{uid}/devices/{device}
   *
   * Remove a device
   */
  deleteDevice: {
    answer: {
      id: string;
      deleted: true;
    };
  };
  /**
   * GET /v3/business-messaging/api/users/{uid}/addresses/webhook
   *
   * A user's webhook address
   */
  getWebhookAddress: {
    answer: WebhookAddress;
  };
  /**
   * PUT /v3/business-messaging/api/users/{uid}/addresses/webhook
   *
   * Give a user a webhook address, in place of the one before: 201 for the first, 200 for another
   */
  putWebhookAddress: {
    body: {
      url: string;
    };
    answer: WebhookAddress;
  };
  /**
   * DELETE /v3/business-messaging/api/users/{uid}/addresses/webhook
   *
   * Take a user's webhook address away
   */
  deleteWebhookAddress: {
    answer: {
      url: string;
      deleted: true;
    };
  };
}

export interface User {
  uid: string;
  name: string;
  avatar: string | null;
  role: string;
  metadata: {
    [k: string]: unknown;
  } | null;
  status: "online" | "offline";
  createdAt: string;
  updatedAt: string;
  deactivatedAt?: string;
}

export interface WebhookAddress {
  url: string;
  createdAt: string;
  updatedAt: string;
}
