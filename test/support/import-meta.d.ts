/** Vite's import of many files at once: their texts, or how to load them. */
interface ImportMeta {
  glob<T>(pattern: string, options: { query: "?raw"; import: "default"; eager: true }): Record<string, T>;
  glob(pattern: string, options: { query: "?raw"; import: "default" }): Record<string, unknown>;
}
