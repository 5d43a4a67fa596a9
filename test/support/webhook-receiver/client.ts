import * as v from "valibot";
import { type Call, type InboxChange, inboxSchema, type Rule } from "./model.ts";

export type { Call, Rule } from "./model.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the run's webhook receiver is. */
    receiverUrl: string;
  }
}

type CheckBody = (type: string, body: unknown) => void;

/** A receiver's inbox: an endpoint's URL, and what has come to it. */
export class Inbox {
  readonly url: string;
  readonly #control: string;
  /** Throws where a call's body isn't what it should be. */
  #checkBody: CheckBody;

  constructor(receiverUrl: string, id: string, checkBody: CheckBody) {
    this.#checkBody = checkBody;
    this.url = `${receiverUrl}/inbox/${id}`;
    this.#control = `${receiverUrl}/_control/${id}`;
  }

  /** Every call must verify with one of these. */
  async expectSecrets(...secrets: string[]): Promise<void> {
    await this.#change({ secrets });
  }

  /** A test hands over events of its own making: from now on bodies may be anything. */
  takeMadeUp(): void {
    this.#checkBody = () => {};
  }

  /** What it answers from now on; without rules 200. */
  async answerWith(...rules: Rule[]): Promise<void> {
    await this.#change({ rules });
  }

  async setClockAhead(clockOffsetMs: number): Promise<void> {
    await this.#change({ clockOffsetMs });
  }

  /** All that came, oldest first. Throws where one wasn't signed, or hasn't the body, that it should have. */
  async calls(): Promise<Call[]> {
    const { calls } = await this.#read();
    const unsigned = calls.find(({ verifiedBy }) => verifiedBy.length === 0);
    if (unsigned !== undefined) throw new Error(`Not verified: ${JSON.stringify(unsigned)}`);
    for (const { type, body } of calls) this.#checkBody(type, body);
    return calls;
  }

  async maxConcurrent(): Promise<number> {
    return (await this.#read()).maxConcurrent;
  }

  async #read(): Promise<v.InferOutput<typeof inboxSchema>> {
    return v.parse(inboxSchema, await (await fetch(this.#control)).json());
  }

  async #change(change: InboxChange): Promise<void> {
    const answer = await fetch(this.#control, { method: "PUT", body: JSON.stringify(change) });
    if (!answer.ok) throw new Error(`The receiver answered ${answer.status}`);
    await answer.text();
  }
}

export async function createInbox(receiverUrl: string, checkBody: CheckBody = () => {}): Promise<Inbox> {
  const answer = await fetch(`${receiverUrl}/_control`, { method: "POST" });
  const { id } = v.parse(v.object({ id: v.string() }), await answer.json());
  return new Inbox(receiverUrl, id, checkBody);
}
