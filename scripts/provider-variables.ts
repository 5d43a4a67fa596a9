/** The deployment variables that make Onecall use the fake providers at this URL instead of the real ones. */
export function providerVariables(url: string): Record<string, string> {
  return {
    FCM_URL: `${url}/fcm`,
    FCM_TOKEN_URL: `${url}/oauth/token`,
    APNS_URL: `${url}/apns`,
    APNS_SANDBOX_URL: `${url}/apns-sandbox`,
    // The fakes' Web Push endpoints are http on this machine.
    ALLOW_LOOPBACK: "true",
  };
}
