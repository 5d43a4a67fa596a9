import { answerQuestions } from "../bench/helper-process.ts";
import { runBeside } from "./beside.ts";
import { runMixed } from "./mixed.ts";
import type { SoakQuestion } from "./questions.ts";

/** The clients, in a process of their own: what measures must not wait for what is measured. */
answerQuestions(async (question) => {
  const asked = question as SoakQuestion;
  return asked.kind === "mixed" ? runMixed(asked) : runBeside(asked);
});
