/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

export interface ChannelsOperations {
  /**
   * GET /v3/business-messaging/api/channels
   *
   * All channels
   */
  listChannels: {
    answer: {
      data: Channel[];
      nextCursor: string | null;
    };
  };
  /**
   * POST /v3/business-messaging/api/channels
   *
   * Make a channel; providers of a push channel may come with it or later; a webhook channel's secret is shown once
   */
  createChannel: {
    body: {
      name: string;
      type: "in_app" | "push" | "webhook";
      key?: string | null;
      enabled?: boolean;
      providers?: ChannelProviders | null;
    };
    answer: ChannelWithSecret;
  };
  /**
   * GET /v3/business-messaging/api/channels/availability
   *
   * Per type how many there may be (-1: no limit) and how many there are
   */
  getChannelAvailability: {
    answer: {
      type: "in_app" | "push" | "webhook";
      limit: -1;
      used: number;
    }[];
  };
  /**
   * GET /v3/business-messaging/api/channels/{channel}
   *
   * A channel by its id or key
   */
  getChannel: {
    answer: Channel;
  };
  /**
   * PUT /v3/business-messaging/api/channels/{channel}
   *
   * Change name, enabled and providers (each by itself); key and type never change
   */
  updateChannel: {
    body: {
      name?: string;
      enabled?: boolean;
      key?: unknown;
      type?: unknown;
      providers?: ChannelProviders | null;
    };
    answer: Channel;
  };
  /**
   * POST /v3/business-messaging/api/channels/{channel}/test
   *
   * One push to one device, or one call to a user's webhook address, and what was answered; counts nothing
   */
  testChannel: {
    body: {
      userId: string;
      deviceId?: string | null;
      title?: string;
      body?: string;
      data?: unknown;
    };
    answer: ChannelTest;
  };
  /**
   * POST /v3/business-messaging/api/channels/{channel}/rotate-secret
   *
   * A webhook channel's new secret, which this answer alone shows; the old one signs for a while
   */
  rotateChannelSecret: {
    body: {
      gracePeriodHours?: number;
    };
    answer: ChannelWithSecret;
  };
}

export interface Channel {
  id: string;
  key: string;
  name: string;
  type: "in_app" | "push" | "webhook";
  enabled: boolean;
  providers?: {
    fcm: ShownProvider | null;
    apns: ShownProvider | null;
    webpush: ShownProvider | null;
  };
  secretFingerprint?: string;
  previousSecretUntil?: string | null;
  createdAt: string;
  updatedAt: string;
}

export interface ShownProvider {
  fingerprint: string;
  [k: string]: string | string[];
}

export interface ChannelProviders {
  fcm?: {
    project_id: string;
    client_email: string;
    private_key: string;
  } | null;
  apns?: {
    keyId: string;
    teamId: string;
    privateKey: string;
    topic: string;
  } | null;
  webpush?: {
    publicKey: string;
    privateKey: string;
    subject: string;
    /**
     * @maxItems 20
     */
    allowedHosts?: string[];
  } | null;
}

export interface ChannelWithSecret extends Channel {
  secret?: string;
}

export interface ChannelTest {
  deviceId?: string;
  provider?: string;
  url?: string;
  outcome: "accepted" | "gone" | "rejected" | "retry" | "unreachable" | "untried";
  reason: string | null;
  message: string | null;
  retryAfterSeconds: number | null;
  status: number | null;
  durationMs: number;
}
