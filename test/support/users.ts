import { shardOfUser } from "../../src/users/hash.ts";

/** `count` users of one shard: their chunk has a single run. */
export function usersOfOneShard(count: number): string[] {
  const users: string[] = [];
  for (let index = 0; users.length < count; index++) {
    const user = `large-${index}`;
    if (shardOfUser(user, 64) === 7) users.push(user);
  }
  return users;
}
