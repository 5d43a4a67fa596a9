/**
 * Asked before an object is called about credentials that nothing vouches for, which name this app. Throws where
 * there were too many such calls.
 */
export type LookupGuard = (appId: string) => Promise<void>;
