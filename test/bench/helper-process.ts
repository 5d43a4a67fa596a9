import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * A process of its own for what isn't measured or is measured beside Onecall: on the bench's event loop it
 * would wait for the bench, and the bench for it. It answers each question with one answer, in turn.
 */
export class HelperProcess {
  readonly #child: ChildProcess;

  /** `file`: beside this one; it calls {@link answerQuestions}. */
  constructor(file: string) {
    this.#child = fork(fileURLToPath(new URL(file, import.meta.url)));
  }

  ask<T>(question: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`A helper ended with ${code}`));
      this.#child.once("exit", onExit);
      this.#child.once("message", (answer) => {
        this.#child.off("exit", onExit);
        resolve(answer as T);
      });
      this.#child.send(question as object);
    });
  }

  async stop(): Promise<void> {
    if (!this.#child.connected) return;
    const exit = once(this.#child, "exit");
    this.#child.disconnect();
    await exit;
  }
}

/** The helper's side. The process ends with the bench, or when an answer can't be given. */
export function answerQuestions(answer: (question: unknown) => Promise<unknown>): void {
  process.on("message", async (question) => process.send?.(await answer(question)));
  process.on("disconnect", () => process.exit());
}
