/** Bodies of the smallest values, as many as a call may have: what costs most for its bytes. */

/** src/model/limits.ts: JSON values of a send's body, of any other. */
export const SEND_VALUES = 250_000;
export const BODY_VALUES = 50_000;
/** And their bytes. */
export const SEND_BYTES = 16 * 1024 * 1024;
export const BODY_BYTES = 1024 * 1024;

/** Those inside `template`. */
const TEMPLATE_FIELDS = ["variables", "notificationPushData"];

const repeat = (count: number, value: string): string =>
  `${`${value},`.repeat(Math.max(0, count - 1))}${value}`;
const entries = (count: number, value: string): string =>
  Array.from({ length: count }, (_, index) => `"${index.toString(36)}":${value}`).join(",");

/** A value that is made of `count` small ones. */
const KINDS: Record<string, (count: number) => string> = {
  "a list of numbers": (count) => `[${repeat(count, "1")}]`,
  "a list of empty objects": (count) => `[${repeat(count, "{}")}]`,
  "a list of empty texts": (count) => `[${repeat(count, '""')}]`,
  "an object of numbers": (count) => `{${entries(count, "1")}}`,
  "an object of empty objects": (count) => `{${entries(count, "{}")}}`,
};

export interface LimitBody {
  name: string;
  body: string;
}

/** With all of these fields at once. */
export function* bodiesOf(values: number, fields: readonly string[]): Generator<LimitBody> {
  for (const [kind, make] of Object.entries(KINDS)) {
    const share = Math.floor(values / fields.length) - 2;
    const all = fields.map((field) => `"${field}":${make(share)}`).join(",");
    yield { name: `all fields, each ${kind}`, body: `{${all}}` };
  }
}

/** With every one of these fields alone. */
export function* singleFieldsOf(values: number, fields: readonly string[]): Generator<LimitBody> {
  const kinds = Object.entries(KINDS);
  for (const [index, field] of fields.entries()) {
    const [kind, make] = kinds[index % kinds.length] ?? ["", () => ""];
    yield { name: `${field}: ${kind}`, body: `{"${field}":${make(values - 10)}}` };
  }
}

/** A send that is right but for one field. */
export function* sendBodiesOf(values: number, target: string): Generator<LimitBody> {
  for (const [kind, make] of Object.entries(KINDS)) {
    for (const field of TEMPLATE_FIELDS) {
      const template = `{"key":"order-confirmation","${field}":${make(values - 20)}}`;
      yield {
        name: `template.${field}: ${kind}`,
        body: `{"template":${template},"targets":["${target}"],"mode":"batch"}`,
      };
    }
  }
  // Each of 12,500 users has names of his own: objects that have no form in common.
  const users = Array.from({ length: values / 20 }, (_, user) => {
    const own = Array.from({ length: 18 }, (_, index) => `"${(user * 18 + index).toString(36)}":1`);
    return `"${user}":{${own.join(",")}}`;
  });
  yield {
    name: "users with names of their own",
    body: `{"template":{"key":"order-confirmation","variables":{${users.join(",")}}},"targets":["${target}"],"mode":"batch"}`,
  };
}

/** More than may be: it is refused before anything is made of it. */
export function* tooManyOf(bytes: number): Generator<LimitBody> {
  for (const value of ["{}", "[]", "1", '""']) {
    yield {
      name: `all bytes of ${value}`,
      body: `{"x":[${repeat(Math.floor(bytes / (value.length + 1)) - 4, value)}]}`,
    };
  }
  const keys = entries(Math.floor(bytes / 9), "{}").slice(0, bytes - 10);
  yield { name: "all bytes of keys", body: `{"x":{${keys.slice(0, keys.lastIndexOf(","))}}}` };
}

/** All bytes of a body that may be small are brackets. */
export const tooDeep: LimitBody = {
  name: "depth",
  body: `{"x":${"[".repeat(500_000)}${"]".repeat(500_000)}}`,
};
