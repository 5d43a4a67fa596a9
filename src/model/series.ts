import type { ChannelType } from "./notification.ts";
/** Events of one channel type in one step. `hour`: the step's first. */
export type SeriesPoint = {
  hour: number;
  channelType: ChannelType;
  delivered: number;
  viewed: number;
  clicked: number;
};

/** What a series is asked for. Null: any. */
export interface SeriesQuery {
  /** Hours since 1970, both inclusive. */
  fromHour: number;
  toHour: number;
  /** Hours of one point: 1, or 24 for days of UTC. */
  step: number;
  templateKey: string | null;
  tag: string | null;
}
