import type { PreparedChange, ShownAccount } from "./account.ts";
import type { ChannelType } from "./notification.ts";
/** A way of an app to reach its users. Times in Unix ms. */
export interface AppChannel {
  id: string;
  key: string;
  name: string;
  type: ChannelType;
  enabled: boolean;
  /** Its accounts with providers, by provider, as they may be shown. */
  providers: Map<string, ShownAccount>;
  createdAt: number;
  updatedAt: number;
}

export interface ChannelChange {
  name?: string | undefined;
  enabled?: boolean | undefined;
  providers: readonly PreparedChange[];
}

export interface NewChannel {
  key: string;
  name: string;
  type: ChannelType;
  enabled: boolean;
}
