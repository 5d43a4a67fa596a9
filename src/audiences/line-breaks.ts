const QUOTE = '"'.charCodeAt(0);
const COMMA = ",".charCodeAt(0);
const LINE_FEED = "\n".charCodeAt(0);
const RETURN = "\r".charCodeAt(0);

/**
 * Finds the lines of a CSV that don't end as its first one does. Cells alone don't tell: a line break in one
 * may have been quoted. Pure.
 */
export class LineBreaks {
  /** Physical lines whose break, outside of quotes, isn't the first line's. */
  #mixed: number[] = [];
  #isCrlf: boolean | null = null;
  #line = 1;
  #isQuoted = false;
  #isCellStart = true;
  /** The last character closed a quoted cell, unless another quote follows. */
  #hasClosed = false;
  #previous = 0;

  write(text: string): void {
    if (text === "") return;
    if (this.#isQuoted || text.includes('"')) this.#readCharacters(text);
    else this.#readLines(text);
    this.#previous = text.charCodeAt(text.length - 1);
  }

  /** Text without quotes, outside of them. */
  #readLines(text: string): void {
    for (let index = text.indexOf("\n"); index >= 0; index = text.indexOf("\n", index + 1)) {
      if (index > 0) this.#previous = text.charCodeAt(index - 1);
      this.#takeBreak();
    }
    const last = text.charCodeAt(text.length - 1);
    this.#hasClosed = false;
    this.#isCellStart = last === COMMA || last === LINE_FEED;
  }

  #readCharacters(text: string): void {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code === QUOTE) this.#takeQuote();
      else {
        this.#hasClosed = false;
        if (code === LINE_FEED) this.#takeBreak();
        this.#isCellStart = !this.#isQuoted && (code === COMMA || code === LINE_FEED);
      }
      this.#previous = code;
    }
  }

  /** The first such line from `from` on and before `to`, or null. */
  findMixed(from: number, to: number): number | null {
    return this.#mixed.find((line) => line >= from && line < to) ?? null;
  }

  /** Lines before this one won't be asked for again. */
  forget(before: number): void {
    if (this.#mixed.length > 0) this.#mixed = this.#mixed.filter((line) => line >= before);
  }

  #takeQuote(): void {
    if (this.#isQuoted) {
      this.#isQuoted = false;
      this.#hasClosed = true;
    } else {
      this.#isQuoted = this.#isCellStart || this.#hasClosed;
      this.#hasClosed = false;
    }
    this.#isCellStart = false;
  }

  #takeBreak(): void {
    const isCrlf = this.#previous === RETURN;
    this.#isCrlf ??= isCrlf;
    if (!this.#isQuoted && isCrlf !== this.#isCrlf) this.#mixed.push(this.#line);
    this.#line++;
  }
}
