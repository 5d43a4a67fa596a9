import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as v from "valibot";

/** Writes the OpenAPI document as the Worker serves it: `node scripts/openapi.ts FILE`. */

const DocumentModule = v.object({ buildDocument: v.function() });
const RoutesModule = v.object({ FAMILIES: v.array(v.unknown()) });

/** By their paths: the Worker's types aren't those of Node. */
const load = (path: string): Promise<unknown> => import(new URL(`../src/api/${path}`, import.meta.url).href);

const [, , file] = process.argv;
if (file === undefined) throw new Error("Usage: node scripts/openapi.ts FILE");
const { buildDocument } = v.parse(DocumentModule, await load("openapi/document.ts"));
const { FAMILIES } = v.parse(RoutesModule, await load("routes.ts"));
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, JSON.stringify(buildDocument(FAMILIES)));
