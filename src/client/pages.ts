/** A page of a list, and where the next one begins. */
export interface Page<Item> {
  data: Item[];
  /** Null at the end. */
  nextCursor: string | null;
}

/**
 * A list. `for await` goes through its items and reads the next page when it gets there; `page()` reads one page, from
 * the query's `cursor` on.
 */
export class Pages<Item, OnePage extends Page<Item> = Page<Item>> implements AsyncIterable<Item> {
  readonly #read: (cursor?: string) => Promise<OnePage>;

  constructor(read: (cursor?: string) => Promise<OnePage>) {
    this.#read = read;
  }

  page(): Promise<OnePage> {
    return this.#read();
  }

  async *pages(): AsyncGenerator<OnePage, void, undefined> {
    for (let cursor: string | undefined; ; ) {
      const page = await this.#read(cursor);
      yield page;
      if (page.nextCursor === null) return;
      cursor = page.nextCursor;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const { data } of this.pages()) yield* data;
  }
}
