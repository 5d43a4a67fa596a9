/** Characters that nobody sees, made visible. Pure. */

/** Control and format characters, separators but the space, and what fonts leave out. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/** The text with `"`, `\` and whatever can't be seen as JSON's escapes: `user_id\u200b`. */
export function showInvisible(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(INVISIBLE, (character) =>
      // By UTF-16 units, as JSON does.
      character
        .split("")
        .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
        .join(""),
    );
}

/** The text without what can't be seen, and without spaces at its ends. */
export function stripInvisible(text: string): string {
  return text.replace(INVISIBLE, "").trim();
}

/**
 * White space, zero-width and direction marks, and letters that fonts leave empty. Not all that is ignorable: a heart's
 * last character is a variation selector, and that of a flag a tag.
 */
const UNSEEN = String.raw`[\p{White_Space}\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u115f\u1160\u2800\u3164\uffa0]`;
const UNSEEN_END = new RegExp(`^${UNSEEN}|${UNSEEN}$`, "u");

/** Whether a text begins or ends with what nobody sees, or has nothing else. */
export function hasUnseenEnd(text: string): boolean {
  // Most of a file's hundred thousand ids begin and end plainly: they cost no pattern.
  if (isPlain(text.charCodeAt(0)) && isPlain(text.charCodeAt(text.length - 1))) return false;
  return UNSEEN_END.test(text) || stripInvisible(text) === "";
}

/** ASCII that is seen. */
function isPlain(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}
