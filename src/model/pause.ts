/**
 * Lets the isolate take in what has arrived: while there always is something ready to run, its thread looks neither
 * for new calls nor for timers that are due, whoever's they are. Long work waits for this every few milliseconds.
 */
export function pause(): Promise<void> {
  return scheduler.wait(0);
}
