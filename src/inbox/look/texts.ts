/** What the inbox says in its own words. `{…}` is filled in. */
export interface Texts {
  notifications: string;
  /** Of the bell: `{count}` */
  unread: string;
  all: string;
  onlyUnread: string;
  markAll: string;
  loading: string;
  empty: string;
  emptyHint: string;
  emptyUnread: string;
  error: string;
  signedOut: string;
  retry: string;
  offline: string;
  /** A screen reader says it when one comes: `{title}` */
  arrived: string;
  newest: string;
  more: string;
  less: string;
  end: string;
  isUnread: string;
}

const EN: Texts = {
  notifications: "Notifications",
  unread: "{count} unread",
  all: "All",
  onlyUnread: "Unread",
  markAll: "Mark all as read",
  loading: "Loading notifications",
  empty: "Nothing here yet",
  emptyHint: "New notifications will appear here.",
  emptyUnread: "You're all caught up",
  error: "Notifications couldn't be loaded.",
  signedOut: "Your session has ended. Sign in again to see your notifications.",
  retry: "Try again",
  offline: "You're offline. New notifications will appear once you're back.",
  arrived: "New notification: {title}",
  newest: "New notifications",
  more: "Show more",
  less: "Show less",
  end: "No older notifications",
  isUnread: "Unread",
};

const DE: Texts = {
  notifications: "Benachrichtigungen",
  unread: "{count} ungelesen",
  all: "Alle",
  onlyUnread: "Ungelesen",
  markAll: "Alle gelesen",
  loading: "Benachrichtigungen werden geladen",
  empty: "Noch nichts da",
  emptyHint: "Neue Benachrichtigungen erscheinen hier.",
  emptyUnread: "Alles gelesen",
  error: "Die Benachrichtigungen konnten nicht geladen werden.",
  signedOut: "Die Sitzung ist abgelaufen. Bitte neu anmelden.",
  retry: "Noch einmal versuchen",
  offline: "Offline. Neue Benachrichtigungen erscheinen, sobald die Verbindung wieder da ist.",
  arrived: "Neue Benachrichtigung: {title}",
  newest: "Neue Benachrichtigungen",
  more: "Mehr anzeigen",
  less: "Weniger anzeigen",
  end: "Keine älteren Benachrichtigungen",
  isUnread: "Ungelesen",
};

const LANGUAGES: Readonly<Record<string, Texts>> = { en: EN, de: DE };

/** Texts of a locale such as `de-AT`, with those of the page in their place. English where there are none. */
export function textsFor(locale: string, own: Partial<Texts>): Texts {
  return { ...(LANGUAGES[locale.toLowerCase().split("-")[0] ?? ""] ?? EN), ...own };
}

export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
