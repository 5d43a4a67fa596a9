import { randomBytes } from "node:crypto";
import * as v from "valibot";
import { type Answer, htmlAnswer, jsonAnswer } from "./answers.ts";
import { type Claims, type JwtVerifier, unverifiedIssuer } from "./jwt.ts";
import type { Project, Registry } from "./projects.ts";
import { applyFault, type Outcome, type PushRequest } from "./push-service.ts";

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const MAX_ASSERTION_SECONDS = 3600;
const CLOCK_SKEW_SECONDS = 60;
const TIMEFRAME =
  "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.";

const tokenSchema = v.looseObject({ access_token: v.string(), expires_in: v.number() });

interface OAuthError {
  error: string;
  error_description: string;
}

/**
 * Google's token endpoint, for service accounts:
 * https://developers.google.com/identity/protocols/oauth2/service-account
 */
export async function answerToken(
  registry: Registry,
  verifier: JwtVerifier,
  request: PushRequest,
  body: Buffer,
): Promise<Outcome> {
  if (request.method !== "POST" || request.path !== "/token") {
    return htmlAnswer(request.path === "/token" ? 405 : 404);
  }
  const form = new URLSearchParams(body.toString());
  const assertion = form.get("assertion") ?? "";
  const project = registry.byClientEmail.get(unverifiedIssuer(assertion) ?? "");
  project?.journal.oauthRequested();
  const error =
    faultOfForm(request.headers["content-type"], form) ??
    (await faultOfAssertion(assertion, project, registry.tokenUri, verifier));
  if (error || !project) {
    const { error: reason, error_description } = error ?? invalidGrant("Invalid grant: account not found");
    project?.journal.reject({
      provider: "oauth",
      device: null,
      status: 400,
      reason: `${reason}: ${error_description}`,
    });
    return jsonAnswer(400, { error: reason, error_description });
  }
  return await issue(registry, project);
}

async function issue(registry: Registry, project: Project): Promise<Outcome> {
  const rule = project.faults.take("oauth", null);
  const isSpoilt = rule?.drop === true || rule?.status !== undefined;
  const token = {
    access_token: `ya29.c.${randomBytes(64).toString("base64url")}`,
    expires_in: 3600,
    token_type: "Bearer",
    ...(!isSpoilt && typeof rule?.body === "object" ? rule.body : undefined),
  };
  if (!isSpoilt || rule?.accept) {
    // A rule's body may have made it something that isn't a token.
    const issued = v.safeParse(tokenSchema, token);
    if (issued.success) {
      const { access_token, expires_in } = issued.output;
      registry.accessTokens.set(access_token, { project, expiresAt: Date.now() + expires_in * 1000 });
    }
    project.journal.oauthIssued();
  }
  const normal = jsonAnswer(200, token);
  if (!rule) {
    return normal;
  }
  const isMerged = !isSpoilt && typeof rule.body === "object";
  return await applyFault(isMerged ? { ...rule, body: undefined } : rule, normal, oauthAnswerWith);
}

function oauthAnswerWith(status: number): Answer {
  switch (status) {
    case 400:
      return jsonAnswer(400, invalidGrant("Bad Request"));
    case 401:
      return jsonAnswer(401, { error: "invalid_client", error_description: "Unauthorized" });
    case 403:
      return jsonAnswer(403, { error: "access_denied", error_description: "Account restricted" });
    case 500:
    case 503:
      return jsonAnswer(status, { error: "internal_failure", error_description: "Backend Error" });
    default:
      return htmlAnswer(status);
  }
}

function faultOfForm(contentType: string | undefined, form: URLSearchParams): OAuthError | null {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType ?? "")) {
    return { error: "invalid_request", error_description: "The content type must be a form's." };
  }
  const grantType = form.get("grant_type");
  if (grantType !== GRANT_TYPE) {
    return { error: "unsupported_grant_type", error_description: `Invalid grant_type: ${grantType}` };
  }
  return null;
}

async function faultOfAssertion(
  assertion: string,
  project: Project | undefined,
  audience: string,
  verifier: JwtVerifier,
): Promise<OAuthError | null> {
  if (!project) {
    return invalidGrant("Invalid grant: account not found");
  }
  const claims = await verifier.verify(assertion, project.publicKeys.fcm, "RS256");
  if (!claims) {
    return invalidGrant("Invalid JWT Signature.");
  }
  if (claims.aud !== audience) {
    return invalidGrant("Invalid JWT: Failed audience check.");
  }
  if (!isTimely(claims)) {
    return invalidGrant(TIMEFRAME);
  }
  if (!claims.scope?.split(" ").includes(SCOPE)) {
    return {
      error: "invalid_scope",
      error_description: "Invalid OAuth scope or ID token audience provided.",
    };
  }
  return null;
}

function isTimely({ iat, exp }: Claims): boolean {
  const now = Date.now() / 1000;
  return (
    iat !== undefined &&
    exp !== undefined &&
    exp > now &&
    exp > iat &&
    exp <= iat + MAX_ASSERTION_SECONDS &&
    iat <= now + CLOCK_SKEW_SECONDS
  );
}

function invalidGrant(error_description: string): OAuthError {
  return { error: "invalid_grant", error_description };
}
