import { startFakeProviders } from "../support/providers/server.ts";
import { answerQuestions } from "./helper-process.ts";

/** The fake push providers in a process of their own; whatever it is asked, it answers with their URL. */
const starting = startFakeProviders();
answerQuestions(async () => (await starting).url);
