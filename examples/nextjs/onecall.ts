import { Onecall } from "onecall/client";

/** Made where it is used: a build has no key. */
export function makeClient(): Onecall {
  return new Onecall({ url: process.env.ONECALL_URL, apiKey: process.env.ONECALL_API_KEY });
}
