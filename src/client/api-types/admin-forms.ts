/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

import type { ChannelCounts } from "./shared.ts";

export interface NewApp {
  id: string;
  name: string;
  apiKey: string;
  createdAt: string;
}

export interface App {
  id: string;
  name: string;
  shardCount: number;
  foldsUserIds: boolean;
  createdAt: string;
}

export interface AppWithQuotas extends App {
  quotas: {
    keys: Quota;
    channels: Quota;
    templates: Quota;
    templateVersions: Quota;
    files: Quota;
    uploadedBytesPerDay: Quota;
    users: Quota;
    tags: Quota;
    webhooks: Quota;
  };
}

export interface Quota {
  limit: number;
  used: number | null;
}

export interface Erasure {
  id: string;
  state: "deleting" | "erased";
  step: "copies" | "shards" | "ledgers" | "webhooks" | "files" | "registry" | "erased";
  shards: {
    erased: number;
    total: number;
  } | null;
  startedAt: string;
}

export interface NewApiKey extends ApiKey {
  apiKey: string;
}

export interface ApiKey {
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
}

export interface ApiKeyInUse extends ApiKey {
  signIns: {
    count: number;
    isMore: boolean;
  };
  sending: {
    count: number;
    isMore: boolean;
  };
}

export interface SignInCode {
  code: string;
  url: string;
  expiresAt: string;
}

export interface AppStatus {
  app: {
    id: string;
    name: string;
  };
  uncompleted: number;
  oldestUncompleted: {
    id: string;
    createdAt: string;
  } | null;
  redrivenChunks: number;
  deadLetters: number;
  probedProviders: {
    channelKey: string;
    scope: string;
    shards: number;
  }[];
  secrets: ("current" | "old_key" | "plain" | "unreadable") | null;
  largestObjects: {
    kind: "registry" | "ledger" | "user_shard";
    name: string;
    bytes: number;
    share: number;
  }[];
}

export interface CountsCheck {
  notificationId: string;
  isEqual: boolean;
  ledger: {
    [k: string]: ChannelCounts;
  };
  shards: {
    [k: string]: ChannelCounts;
  };
}
