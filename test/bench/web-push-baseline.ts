import type { PushSubscription, RequestOptions } from "web-push";
import webPush from "web-push";
import { answerQuestions } from "./helper-process.ts";
import { load } from "./load.ts";

const CONCURRENCY = 50;

/** Pushes to one push service, and how the library is to send them. Answered with a `LoadResult`. */
export interface BaselineRound {
  origin: string;
  pushes: { subscription: PushSubscription; payload: string }[];
  options: RequestOptions;
}

/**
 * The npm package web-push in plain Node: it makes each request, and Node sends it over kept-alive connections.
 * Its own `sendNotification` speaks https alone, and by default opens a connection for each push.
 */
answerQuestions(async (question) => {
  const { origin, pushes, options } = question as BaselineRound;
  return load(origin, pushes.length, CONCURRENCY, (index) => {
    const push = pushes[index];
    if (push === undefined) throw new Error(`There is no push ${index}`);
    const request = webPush.generateRequestDetails(push.subscription, push.payload, options);
    const { method, endpoint, headers, body } = request;
    return { method, path: endpoint.slice(origin.length), headers, body };
  });
});
