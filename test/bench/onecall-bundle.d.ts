/** The deployed script as counting-entry.ts sees it: no more of the platform's types than it uses. */

export interface CountedStorage {
  sql: object;
}

declare class CountedObject {
  constructor(ctx: { storage: CountedStorage }, env: object);
  alarm(): Promise<void>;
}
export class Registry extends CountedObject {}
export class Ledger extends CountedObject {}
export class UserShard extends CountedObject {}
export class WebhookEndpoint extends CountedObject {}

export interface CountedBatch {
  messages: readonly { body: unknown }[];
}

declare const onecall: {
  fetch(request: Request, env: object, execution: object): Promise<Response>;
  queue(batch: CountedBatch, env: object): Promise<void>;
};
export default onecall;
