interface Bucket {
  tokens: number;
  /** When `tokens` was right, Unix ms. */
  at: number;
}

interface BucketRules {
  /** What a caller who was quiet may do at once. */
  burst: number;
  perMinute: number;
  /** Callers remembered at once: who was quiet longest is forgotten first. */
  maxKeys: number;
}

/** How often each of many callers may do something, in this isolate. Memory is bounded; nothing is asked. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();
  readonly #rules: BucketRules;

  constructor(rules: BucketRules) {
    this.#rules = rules;
  }

  /** How long the caller has to wait, ms; 0 where it may go on. Takes nothing. */
  waitMs(key: string, now = Date.now()): number {
    const tokens = this.#tokensOf(key, now);
    return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 60_000) / this.#rules.perMinute);
  }

  /** Uses one up. */
  take(key: string, now = Date.now()): void {
    const tokens = Math.max(this.#tokensOf(key, now) - 1, 0);
    // Insertion order is age.
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens, at: now });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= this.#rules.maxKeys) break;
      this.#buckets.delete(oldest);
    }
  }

  #tokensOf(key: string, now: number): number {
    const { burst, perMinute } = this.#rules;
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return burst;
    return Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) * perMinute) / 60_000);
  }
}
