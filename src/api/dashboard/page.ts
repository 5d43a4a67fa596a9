import type { Context } from "../../http/context.ts";
import { OnecallError } from "../../model/errors.ts";
import { DASHBOARD_ASSETS, isDashboardPath } from "./paths.ts";

/**
 * A page may load what this service serves, and images of elsewhere; it runs no text, and is in nobody's frame. Images:
 * whoever looks at a template or a feed sees those of its content. Nothing is told to where they are but that.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: https:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** The dashboard's page, whichever of its addresses is asked for; null for what is no page of it. */
export async function serveDashboard(request: Request, { env, url }: Context): Promise<Response | null> {
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (!isRead || !isDashboardPath(url.pathname) || url.pathname.startsWith(DASHBOARD_ASSETS)) return null;
  // Not the file's own name: the assets would send that to the folder's, and the folder's here.
  const page = await env.ASSETS.fetch(new URL("/dashboard/", url));
  if (!page.ok) {
    throw new OnecallError("ERR_UNAVAILABLE", "The dashboard isn't built: npm run build:assets.", {
      headers: { "retry-after": "60" },
    });
  }
  return new Response(page.body, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": POLICY,
      "cross-origin-opener-policy": "same-origin",
      "cache-control": "no-store",
    },
  });
}
