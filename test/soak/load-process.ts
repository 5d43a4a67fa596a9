import { answerQuestions } from "../bench/helper-process.ts";
import { runBeside } from "./beside.ts";
import { runMixed } from "./mixed.ts";
import type { SoakQuestion } from "./questions.ts";
import { SoakApp } from "./soak-app.ts";

/** The clients, in a process of their own: what measures must not wait for what is measured. */
let app: SoakApp | null = null;
answerQuestions(async (question) => {
  const asked = question as SoakQuestion;
  if (asked.kind === "beside") return runBeside(asked);
  if (asked.kind === "mixed") {
    if (app === null) throw new Error("Nothing was set up");
    return runMixed(app, asked);
  }
  app = await SoakApp.create(asked.url, asked.credentials, asked.devices);
  return {};
});
