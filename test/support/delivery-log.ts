import Papa from "papaparse";
import { expect } from "vitest";
import type { Body, TestApp } from "./api.ts";

export const logPathOf = (id: string, query = "") => `/notifications/${id}/deliveries${query}`;
export const logCsvPathOf = (id: string, query = "") => `/notifications/${id}/deliveries.csv${query}`;

/** Every page of a log, one after the other. */
export async function readLogPages(app: TestApp, id: string, query = ""): Promise<Body[][]> {
  const pages: Body[][] = [];
  let cursor: string | null = null;
  do {
    const separator = query === "" ? "?" : "&";
    const answer = await app.api(
      "GET",
      logPathOf(id, query + (cursor === null ? "" : `${separator}cursor=${cursor}`)),
    );
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    pages.push(answer.body.data);
    cursor = answer.body.nextCursor;
  } while (cursor !== null);
  return pages;
}

export async function readLogCsv(
  app: TestApp,
  id: string,
  query = "",
): Promise<{ headers: Headers; rows: string[][] }> {
  const { status, headers, body } = await app.api("GET", logCsvPathOf(id, query));
  expect(status).toBe(200);
  const { data, errors } = Papa.parse<string[]>(body, { skipEmptyLines: true });
  expect(errors).toEqual([]);
  return { headers, rows: data };
}
