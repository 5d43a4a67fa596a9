import type * as v from "valibot";
import { type ErrorCode, OnecallError } from "../model/errors.ts";
import type { Access } from "./access.ts";
import type { Context } from "./context.ts";
import { type BodyForm, NO_QUERY, type QueryForm } from "./route-input.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** An answer that isn't JSON: its media type, null for no body at all, and what it is. */
export interface OtherAnswer {
  mediaType: "text/csv" | "text/event-stream" | "text/html" | null;
  description: string;
}

export type AnswerForm = v.GenericSchema | OtherAnswer;

/** Names of the parameters of a path such as `/users/:uid/devices/:device`. */
type ParamNames<Path extends string> = Path extends `${string}:${infer Rest}`
  ? Rest extends `${infer Name}/${infer More}`
    ? Name | ParamNames<`/${More}`>
    : Rest
  : never;

/** What a handler is called with: the request, who calls, and all that the declaration has parsed. */
type Call<Who extends object, Params extends string, Query, Body> = Context &
  Who & { request: Request; params: Record<Params, string>; query: Query; body: Body };

/** Said once of a route: the router, the access tests, the fuzzer and the OpenAPI document read it. */
interface Declaration<Path extends string, Who extends object, Query, Body> {
  /** A name for generated clients, one of a kind. */
  id: string;
  method: Method;
  path: Path;
  /** Other paths that are the same route. */
  also?: readonly string[];
  access: Access<Who>;
  summary: string;
  description?: string;
  /** Absent: no parameter is taken. */
  query?: QueryForm<Query, NoInfer<Who>>;
  body?: BodyForm<Body, NoInfer<Who>>;
  /** By status: the schema of what it answers. */
  answers: Readonly<Record<number, AnswerForm>>;
  /** Beyond those that all such routes have. */
  errors?: readonly ErrorCode[];
  /** Request headers beside the credentials, and what they are for. */
  headers?: Readonly<Record<string, string>>;
  examples?: readonly Example[];
  handle(call: Call<Who, ParamNames<Path>, Query, Body>): Response | Promise<Response>;
}

/** A call as a document shows it. */
export interface Example {
  name: string;
  request?: unknown;
  answer?: unknown;
}

/** A declared route. */
export interface Route {
  readonly id: string;
  readonly method: Method;
  readonly paths: readonly string[];
  readonly access: Access;
  readonly summary: string;
  readonly description: string | null;
  readonly query: v.GenericSchema | null;
  readonly body: Pick<BodyForm<unknown, never>, "schema" | "isRequired" | "mediaTypes"> | null;
  readonly answers: Readonly<Record<number, AnswerForm>>;
  readonly errors: readonly ErrorCode[];
  readonly headers: Readonly<Record<string, string>>;
  readonly examples: readonly Example[];
  /** Lets the caller in, reads what the declaration says, and answers. `params` are as they stand in the path. */
  respond(request: Request, context: Context, params: Record<string, string>): Promise<Response>;
}

/** The route as the router has it: what its handler is given follows from what it declares. */
export function defineRoute<
  const Path extends string,
  Who extends object,
  Query = undefined,
  Body = undefined,
>(declaration: Declaration<Path, Who, Query, Body>): Route {
  const { id, method, path, access, summary, answers, body } = declaration;
  // Where a form isn't declared, its type is `undefined`, and so is what is read.
  const query = declaration.query ?? (NO_QUERY as QueryForm<Query, Who>);
  return {
    id,
    method,
    paths: [path, ...(declaration.also ?? [])],
    access,
    summary,
    answers,
    description: declaration.description ?? null,
    query: query.schema,
    body: body ?? null,
    errors: declaration.errors ?? [],
    headers: declaration.headers ?? {},
    examples: declaration.examples ?? [],
    async respond(request, context, given) {
      const who = await access.identify(request, context);
      return declaration.handle({
        ...context,
        ...who,
        request,
        // The path's pattern has named them.
        params: decodeParams(given) as Record<ParamNames<Path>, string>,
        query: query.read(context.url, who),
        body: (await body?.read(request, who)) as Body,
      });
    },
  };
}

function decodeParams(params: Record<string, string>): Record<string, string> {
  const entries = Object.entries(params).map(([name, raw]) => [name, decodeParam(name, raw)]);
  return Object.fromEntries(entries);
}

function decodeParam(name: string, raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw new OnecallError("ERR_BAD_REQUEST", `${name}: the path isn't valid percent-encoding`);
  }
}
