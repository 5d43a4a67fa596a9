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
