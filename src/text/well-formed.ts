/** False where any text of JSON, keys included, has half of a surrogate pair: a text that was cut inside an emoji. */
export function isWellFormedJson(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isWellFormedJson);
  return Object.entries(value).every(([key, child]) => key.isWellFormed() && isWellFormedJson(child));
}
