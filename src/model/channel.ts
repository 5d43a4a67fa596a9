import type { ChannelType } from "./notification.ts";
import type { Provider } from "./push.ts";
import type { PreparedChange, ShownProvider } from "./push-provider.ts";
/** A way to reach users. Times in Unix ms. */
export interface Channel {
  id: string;
  key: string;
  name: string;
  type: ChannelType;
  enabled: boolean;
  /** Of a push channel: its configured providers, as they may be shown. */
  providers: Map<Provider, ShownProvider>;
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
