import type { Example } from "../../http/route.ts";

/** Users in the vendors' forms, as the OpenAPI document shows them. */

export const COMETCHAT_USER_EXAMPLES: readonly Example[] = [
  {
    name: "cometchat",
    request: { uid: "cometchat-uid-1", name: "Andrew Joseph", metadata: { plan: "pro" } },
    answer: {
      data: {
        uid: "cometchat-uid-1",
        name: "Andrew Joseph",
        role: "default",
        metadata: { plan: "pro" },
        status: "offline",
        createdAt: 1795254985,
        updatedAt: 1795254985,
      },
    },
  },
];

const SENDBIRD_USER = {
  user_id: "bob_smith",
  nickname: "Bob",
  profile_url: "",
  phone_number: "",
  metadata: {},
  access_token: "",
  require_auth_for_profile_image: false,
  is_active: true,
  is_online: false,
  has_ever_logged_in: false,
  last_seen_at: 0,
  created_at: 1795254985731,
};

export const SENDBIRD_USER_EXAMPLES: readonly Example[] = [
  {
    name: "sendbird",
    request: { user_id: "bob_smith", nickname: "Bob", profile_url: "" },
    answer: SENDBIRD_USER,
  },
];

export const SENDBIRD_PUSH_EXAMPLES: readonly Example[] = [
  {
    name: "gcm",
    request: { gcm_reg_token: "dGhlIGRldmljZSdzIHRva2Vu" },
    answer: { token: "dGhlIGRldmljZSdzIHRva2Vu", type: "gcm", user: SENDBIRD_USER },
  },
];
