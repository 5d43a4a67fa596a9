import * as v from "valibot";
import { presentsAs } from "../../src/api/errors.ts";
import { ERROR_SCHEMAS, errorCodesOf, shownCode } from "../../src/api/openapi/errors.ts";
import { PLATFORM_CODES } from "../../src/api/platform/error-codes.ts";
import { ROUTE_TABLE } from "../../src/api/routes.ts";
import type { Route } from "../../src/http/route.ts";
import { statusOf } from "../../src/model/errors.ts";

/** What was called. */
interface Called {
  method: string;
  /** With or without a query. */
  path: string;
  headers: HeadersInit;
}

/** What was called, and what was answered: the text as it came. */
interface Exchange extends Called {
  status: number;
  contentType: string | null;
  text: string;
}

/** An answer's text; throws where it isn't what is declared: see {@link checkAnswer}. */
export async function readAnswer(called: Called, response: Response): Promise<string> {
  const text = await response.text();
  checkAnswer({
    ...called,
    status: response.status,
    contentType: response.headers.get("content-type"),
    text,
  });
  return text;
}

/**
 * Throws where an answer isn't what its route declares: its status, its media type, its schema (strictly), or the code
 * of its error. So the OpenAPI document, which is made of the declarations, can't say what isn't so.
 */
function checkAnswer(exchange: Exchange): void {
  const { method, status, text } = exchange;
  const path = new URL(`https://onecall.test${exchange.path}`).pathname;
  const route = ROUTE_TABLE.find(method === "HEAD" ? "GET" : method, path, new Headers(exchange.headers));
  if (route === null || method === "HEAD" || method === "OPTIONS") return;
  const fault = faultOf(route, path, exchange);
  if (fault === null) return;
  throw new Error(
    `${method} ${path} (${route.id}) answers what it doesn't declare: ${fault}\n${status} ${text}`,
  );
}

function faultOf(
  route: Route,
  path: string,
  { headers, status, contentType, text }: Exchange,
): string | null {
  const declared = route.answers[status];
  if (declared === undefined) return errorFault(route, presentsAs(path, new Headers(headers)), status, text);
  if ("mediaType" in declared) {
    const isRight = declared.mediaType === null ? text === "" : contentType?.startsWith(declared.mediaType);
    return isRight ? null : `the media type ${contentType}`;
  }
  if (!contentType?.startsWith("application/json")) return `the media type ${contentType}`;
  return schemaFault(declared, JSON.parse(text));
}

function errorFault(
  route: Route,
  envelope: ReturnType<typeof presentsAs>,
  status: number,
  text: string,
): string | null {
  if (status < 400) return "an undeclared status";
  const error: unknown = JSON.parse(text);
  const fault = schemaFault(ERROR_SCHEMAS[envelope], error);
  if (fault !== null) return fault;
  const codes = errorCodesOf(route).filter((code) => statusOf(code) === status);
  const shown = codes.map((code) =>
    envelope === "platform" ? PLATFORM_CODES[code] : shownCode(code, envelope),
  );
  const code = codeOf(error);
  return shown.some((known) => known === code) ? null : `the error ${code}`;
}

const CodeSchema = v.union([
  v.pipe(
    v.object({ error: v.object({ code: v.string() }) }),
    v.transform(({ error }) => error.code),
  ),
  v.pipe(
    v.object({ code: v.number() }),
    v.transform(({ code }) => code),
  ),
]);
const codeOf = (error: unknown): string | number => v.parse(CodeSchema, error);

function schemaFault(schema: v.GenericSchema, value: unknown): string | null {
  const result = v.safeParse(schema, value);
  if (result.success) return null;
  return result.issues.map((issue) => `${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`).join("; ");
}
