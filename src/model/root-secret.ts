/** One of an app's root secrets: user tokens, socket tickets and upload forms are signed with keys derived from it. */
export interface RootSecret {
  /** 1 for the app's first; what is signed says which one it was. */
  generation: number;
  secret: string;
  /** Until when what it signed is taken, Unix ms; null for the one that signs now. */
  endsAt: number | null;
}
