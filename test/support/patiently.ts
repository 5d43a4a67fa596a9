/** For `vi.waitFor`: long enough for a machine that others use too, often enough for a quick test. */
export const PATIENTLY = { timeout: 30_000, interval: 20 };
