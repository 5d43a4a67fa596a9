import { expect } from "vitest";
import { type Answer, type Body, createTemplate, type TestApp } from "./api.ts";
import { writeCsv } from "./csv.ts";
import { callPlatform, uploadCsv } from "./targets-files.ts";
import { waitUntilCompleted } from "./wait.ts";

/** Sends of one app to tables that are uploaded for them. */
export class FileSends {
  readonly #app: TestApp;
  #files = 0;

  constructor(app: TestApp) {
    this.#app = app;
  }

  /** The key of the last table's file. */
  get lastFile(): string {
    return `table-${this.#files}.csv`;
  }

  /** A template that shows its variables as they are. */
  async createTemplate(key: string, variableSchema: Record<string, object>): Promise<void> {
    const names = Object.keys(variableSchema);
    const content = Object.fromEntries(names.map((name) => [name.replace(".", "_"), `{{${name}}}`]));
    await createTemplate(this.#app, { key, content: { "in-app-alerts": content }, variableSchema });
  }

  /** Uploads a table and sends a template to it. */
  async send(key: string, table: string[][], variables?: object): Promise<Answer> {
    this.#files++;
    await uploadCsv(this.#app, this.lastFile, writeCsv(table, "\n"));
    const template = { key, ...(variables === undefined ? {} : { variables }) };
    const body = { template, mode: "batch", targets_filename: this.lastFile };
    return callPlatform(this.#app, "POST", "/v1/notifications/messages", body);
  }

  /** The in-app counts of a send that was accepted, when it is completed. */
  async countsOf({ status, body }: Answer): Promise<Body> {
    expect(status, JSON.stringify(body)).toBe(200);
    return (await waitUntilCompleted(this.#app, body.notification_id)).counts["in-app-alerts"];
  }

  /** The newest content in a user's feed. */
  async contentOf(uid: string): Promise<Body> {
    const user = await this.#app.asUser(uid);
    return (await user("GET", "/feed")).body.data[0]?.content;
  }
}
