/** A user as every API family shows it in its own form. Times in Unix ms. */
export interface User {
  uid: string;
  name: string;
  avatar: string | null;
  link: string | null;
  role: string;
  statusMessage: string | null;
  phoneNumber: string | null;
  /** JSON text: of many users it is parsed one by one, as small values take far more parsed. */
  metadata: string | null;
  tags: string[];
  /** Online while a feed socket is open. */
  status: "online" | "offline";
  createdAt: number;
  updatedAt: number;
  /** Null: the user is active. */
  deactivatedAt: number | null;
  /** When a feed socket was opened last. */
  lastSeenAt: number | null;
}

/** What a call gives of a user; what is absent stays as it is. */
export interface UserFields {
  name?: string | undefined;
  avatar?: string | null | undefined;
  link?: string | null | undefined;
  role?: string | undefined;
  statusMessage?: string | null | undefined;
  phoneNumber?: string | null | undefined;
  /** JSON text. */
  metadata?: string | null | undefined;
  tags?: string[] | undefined;
}

/** What a list is asked for. All that is given holds at once; null: any. */
export interface UserFilter {
  /** Beginning of a name, in any case of ASCII letters. */
  searchKey: string | null;
  /** Beginnings of a uid, of which one is enough; null where there is no `searchKey`. */
  uidSearchKeys: readonly string[] | null;
  searchIn: readonly ("uid" | "name")[];
  /** The whole name, and its beginning in any case. */
  name: string | null;
  namePrefix: string | null;
  /** Any of them. */
  roles: readonly string[] | null;
  tags: readonly string[] | null;
  uids: readonly string[] | null;
  status: "online" | "offline" | null;
  isActive: boolean | null;
  /** Unix ms, both inclusive. */
  createdFrom: number | null;
  createdTo: number | null;
}

/** Every user. */
export const ANY_USER: UserFilter = {
  searchKey: null,
  uidSearchKeys: null,
  searchIn: ["uid", "name"],
  name: null,
  namePrefix: null,
  roles: null,
  tags: null,
  uids: null,
  status: null,
  isActive: null,
  createdFrom: null,
  createdTo: null,
};

/** A part of a shard's list, ordered by uid. */
export interface UserSlice {
  /** Only uids after this one. */
  afterUid: string;
  offset: number;
  limit: number;
  /** UTF-16 units of the users that are given at once; one is given in any case. */
  maxLength: number;
}

/** The users of a slice from its start on, as many as fit into an answer. */
export interface UserPart {
  users: User[];
  /** True where the slice has more, but they would be longer than asked for. */
  isCut: boolean;
}

/** How many users a shard has, as it says. */
export interface UserNumbers {
  /** Users who aren't deactivated. */
  active: number;
  stored: number;
  /** Grows with each change. */
  version: number;
}
