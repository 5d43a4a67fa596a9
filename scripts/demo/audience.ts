/** The channels and the template of the demo: an appointment reminder. */
export const CHANNELS = [
  { key: "in-app", name: "In-app", type: "in_app" },
  { key: "push", name: "Push", type: "push" },
] as const;

const REMINDER = {
  title: "See you tomorrow, {{name}}!",
  body: "Appointment {{number}} is at {{time}}.",
};

export const TEMPLATE = {
  key: "appointment-reminder",
  name: "Appointment reminder",
  channelKeys: CHANNELS.map((channel) => channel.key),
  content: { "in-app": REMINDER, push: REMINDER },
  variableSchema: {
    name: { type: "string" },
    number: { type: "string" },
    time: { type: "string", required: false, default: "09:00" },
  },
};

const FIRST_NAMES = ["Ada", "Ben", "Chloé", "Diego", "Emeka", "Freya", "Goran", "Hana", "Ines", "Jun"];
const TIMES = ["08:15", "09:40", "11:05", "13:30", "15:55"];
/** One target in this many has no number, which the template requires. */
export const INCOMPLETE_EVERY = 500;
/** So many of the targets are named a second time. */
const REPEATED = 15;
/**
 * The first users have a device each. Fewer than {@link INCOMPLETE_EVERY}, so that each of them is pushed to;
 * registering them takes a local Worker about a second.
 */
export const DEVICE_USERS = 60;

/** What the counts of an audience must be. */
export interface Expected {
  /** Distinct targets: what the counts must add up to. */
  distinct: number;
  repeated: number;
  incomplete: number;
}

export interface Audience extends Expected {
  targets: string[];
  variables: Record<string, Record<string, string>>;
}

/** A list of exactly `size` targets with variables of their own, and the faults that real lists have. */
export function createAudience(size: number): Audience {
  const expected = expect(size);
  const users = Array.from({ length: expected.distinct }, (_, index) => userId(index + 1));
  const variables = users.map((user, index) => [user, createVariables(index + 1)] as const);
  return {
    targets: [...users, ...users.slice(0, REPEATED)],
    variables: Object.fromEntries(variables),
    ...expected,
  };
}

/** The same list as a CSV of exactly `rows` rows below its header. */
export function createCsv(rows: number): Expected & { csv: string } {
  const expected = expect(rows);
  const lines = Array.from({ length: expected.distinct }, (_, index) => {
    const { name, number, time } = createVariables(index + 1);
    return `${userId(index + 1)},${name},${number ?? ""},${time}`;
  });
  const all = ["user_id,name,number,time", ...lines, ...lines.slice(0, REPEATED)];
  return { csv: `${all.join("\n")}\n`, ...expected };
}

function expect(size: number): Expected {
  const distinct = size - REPEATED;
  return { distinct, repeated: REPEATED, incomplete: Math.floor(distinct / INCOMPLETE_EVERY) };
}

export function userId(number: number): string {
  return `user-${String(number).padStart(5, "0")}`;
}

function createVariables(number: number): Record<string, string> {
  const name = FIRST_NAMES[number % FIRST_NAMES.length] ?? "friend";
  const time = TIMES[number % TIMES.length] ?? "10:00";
  return number % INCOMPLETE_EVERY === 0 ? { name, time } : { name, number: `A-${10_000 + number}`, time };
}
