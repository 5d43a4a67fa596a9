import { findUrlFault } from "../../src/outbound/public-url.ts";

/** What is wrong with a URL, as a deployment says it and as this machine does, which allows loopback. */

export const OWN = "https://onecall.example.com";
const deployed = { ownOrigins: [OWN], allowLoopback: false };
export const local = { ownOrigins: [OWN, "http://127.0.0.1:8787"], allowLoopback: true };

export const NOT_HTTPS = "must be an https URL";
export const NOT_PUBLIC = "must be a URL whose host is public: a domain name or a public IP address";
export const WRONG_PORT = "must be an https URL on port 443";
export const CREDENTIALS = "must be a URL without a user or password";
export const FRAGMENT = "must be a URL without a fragment (#…)";
export const OWN_HOST = "must be a URL of another service than this one";
export const TOO_LONG = "must be a URL of at most 2048 characters";

export const findFault = (url: string) => findUrlFault(url, deployed);
export const findHostFault = (host: string) => findFault(`https://${host}/hook`);

/** The text with each letter lower, upper, percent-encoded or full-width. */
export function restyle(text: string, styles: Iterator<string>): string {
  return [...text]
    .map((character) => {
      const code = character.charCodeAt(0);
      const style = styles.next().value;
      if (style === "upper") return character.toUpperCase();
      if (style === "percent") return `%${code.toString(16)}`;
      return style === "wide" ? String.fromCharCode(code + 0xfee0) : character;
    })
    .join("");
}
