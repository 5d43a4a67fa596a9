import * as v from "valibot";
import { byApiKey } from "../../http/access.ts";
import { decodeCursor, encodeCursor, limitSchema } from "../../http/pagination.ts";
import { json, jsonText } from "../../http/responses.ts";
import { defineRoute } from "../../http/route.ts";
import { ownQuery, parsedQuery } from "../../http/route-input.ts";
import { IsoEndSchema, IsoTimeSchema, parseInput, queryOf, requireRange } from "../../http/validation.ts";
import { listUsers } from "../../managing/list-users.ts";
import { countUsers } from "../../managing/page-users.ts";
import type { AppRecord } from "../../model/app.ts";
import { ANY_USER, type UserFilter } from "../../model/user.ts";
import { shownAs } from "../../text/shown-schema.ts";
import { CountSchema } from "../schemas.ts";
import { listUidSearchKeys } from "../users/fields.ts";
import { API } from "./paths.ts";
import { UserPageSchema } from "./user-answers.ts";
import { presentUser } from "./users.ts";

const FILTER_ENTRIES = {
  searchKey: v.optional(v.string()),
  role: v.optional(v.string()),
  status: v.optional(v.picklist(["online", "offline"], 'must be "online" or "offline"')),
  createdFrom: v.optional(IsoTimeSchema),
  createdTo: v.optional(IsoEndSchema),
};
const FilterSchema = v.object(FILTER_ENTRIES);
const UserListSchema = v.object({
  ...FILTER_ENTRIES,
  perPage: limitSchema(20),
  limit: v.optional(shownAs(v.string(), { type: "integer", minimum: 1, maximum: 100 })),
  cursor: v.optional(v.string()),
});

export const getUsers = defineRoute({
  id: "listUsers",
  method: "GET",
  path: `${API}/users`,
  access: byApiKey("read"),
  summary: "Users by uid",
  query: ownQuery(UserListSchema),
  answers: { 200: UserPageSchema },
  handle: async ({ app, env, url }) => {
    const query = queryOf(url);
    // `limit` is the management API's name for the vendor's `perPage`.
    const filter = parseInput(UserListSchema, { ...query, perPage: query.perPage ?? query.limit });
    const limit = filter.perPage;
    const afterUid = decodeCursor(filter.cursor, 1)?.[0] ?? "";
    const { users, hasMore } = await listUsers(env, app, toFilter(app, filter), { afterUid, limit });
    const last = users.at(-1);
    const nextCursor = hasMore && last !== undefined ? encodeCursor([last.uid]) : null;
    const meta = { pagination: { count: users.length, per_page: limit } };
    // One by one: many small values take far more as objects than as text.
    const data = users.map((user) => JSON.stringify(presentUser(user))).join(",");
    return jsonText(
      `{"data":[${data}],"nextCursor":${JSON.stringify(nextCursor)},"meta":${JSON.stringify(meta)}}`,
    );
  },
});

export const getUserCount = defineRoute({
  id: "countUsers",
  method: "GET",
  path: `${API}/user-count`,
  access: byApiKey("read"),
  summary: "How many users there are, by the filters of their list",
  query: parsedQuery(FilterSchema),
  answers: { 200: v.strictObject({ count: CountSchema }) },
  handle: async ({ app, env, query }) => json({ count: await countUsers(env, app, toFilter(app, query)) }),
});

/** Throws where its times end before they begin. */
function toFilter(app: AppRecord, given: v.InferOutput<typeof FilterSchema>): UserFilter {
  const { searchKey, role, status, createdFrom, createdTo } = given;
  requireRange(createdFrom, createdTo, { from: "createdFrom", to: "createdTo" });
  return {
    ...ANY_USER,
    searchKey: searchKey || null,
    uidSearchKeys: listUidSearchKeys(searchKey, app),
    roles: role === undefined ? null : [role],
    status: status ?? null,
    createdFrom: createdFrom ?? null,
    createdTo: createdTo ?? null,
  };
}
