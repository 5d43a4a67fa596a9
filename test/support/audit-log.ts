import { expect } from "vitest";
import type { Body, TestApp } from "./api.ts";

/** One page of an app's audit log. */
export async function readAuditPage(
  app: TestApp,
  query: Record<string, string | number> = {},
): Promise<{ data: Body[]; nextCursor: string | null }> {
  const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const { status, body } = await app.api("GET", `/audit-log?${parameters}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

/** Every page, one after the other. */
export async function readAuditPages(
  app: TestApp,
  query: Record<string, string | number> = {},
): Promise<Body[][]> {
  const pages: Body[][] = [];
  let cursor: string | null = null;
  do {
    const page = await readAuditPage(app, cursor === null ? query : { ...query, cursor });
    pages.push(page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pages;
}

/** The whole log, newest first. */
export async function readAuditLog(
  app: TestApp,
  query: Record<string, string | number> = {},
): Promise<Body[]> {
  return (await readAuditPages(app, { limit: 100, ...query })).flat();
}

/** What was written since the app was created, oldest first, without ids and times. */
export async function changesOf(app: TestApp, query: Record<string, string> = {}): Promise<Body[]> {
  const entries = (await readAuditLog(app, query)).toReversed().slice(query.action ? 0 : 2);
  return entries.map(({ action, target, details }) => ({ action, target, details }));
}
