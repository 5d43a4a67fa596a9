/** Which users have a feed open while something is delivered to them. */
export interface Watchers {
  /** True where nobody has, so that nobody need be asked for. */
  isEmpty: boolean;
  has(userId: string): boolean;
}
