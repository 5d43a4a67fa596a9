/** Why a delivery failed or was skipped, in words for whoever is asked about it, and what to do. */
const REASONS: Readonly<Record<string, { means: string; todo?: string }>> = {
  missing_variables: {
    means: "A required variable had no value for this user",
    todo: "Download the failures, fill the column in, and send the file",
  },
  invalid_variables: {
    means: "A variable had a value of the wrong type, or too much of it",
    todo: "Download the failures, mend the values, and send the file",
  },
  payload_too_large: {
    means: "The rendered content is too large for this channel",
    todo: "Shorten the template",
  },
  empty_content: {
    means: "The template had no content for this channel",
    todo: "Fill the template in, then send anew",
  },
  provider_rejected: {
    means: "The provider refused it, in the words beside the delivery",
    todo: "Mend what the provider names, then retry",
  },
  provider_unavailable: {
    means: "The provider didn't answer in time, to the end",
    todo: "Retry when it answers again",
  },
  expired: { means: "It couldn't be delivered before it expired", todo: "Retry: it gets as long as before" },
  internal_error: { means: "A fault of this service", todo: "Retry, and tell the operator" },
  no_device: { means: "The user has no device for this channel" },
  no_address: { means: "The user has no address for this channel" },
  channel_disabled: { means: "The channel was disabled before its turn came" },
  opted_out: { means: "The user has opted out" },
  user_deleted: { means: "The user was deleted" },
  user_deactivated: { means: "The user is deactivated" },
};

export function meaningOf(reason: string): string {
  return REASONS[reason]?.means ?? reason.replaceAll("_", " ");
}

export function remedyOf(reason: string): string | null {
  return REASONS[reason]?.todo ?? null;
}
