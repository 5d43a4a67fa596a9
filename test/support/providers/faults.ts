import type { FaultRule, Service } from "./model.ts";

interface RuleState {
  rule: FaultRule;
  matched: number;
  applied: number;
}

/** The fault rules of one project. */
export class Faults {
  #states: RuleState[] = [];

  replace(rules: FaultRule[]): void {
    this.#states = rules.map((rule) => ({ rule, matched: 0, applied: 0 }));
  }

  /** The rule that befalls this request, if any; it counts as applied. */
  take(service: Service, device: string | null): FaultRule | undefined {
    for (const state of this.#states) {
      if (matches(state, service, device) && isShared(state)) {
        state.applied += 1;
        return state.rule;
      }
    }
    return undefined;
  }
}

function matches({ rule, applied }: RuleState, service: Service, device: string | null): boolean {
  return (
    (rule.provider === undefined || rule.provider === service) &&
    (rule.device === undefined || rule.device === device) &&
    (rule.times === undefined || applied < rule.times)
  );
}

/** A share of 0.25 takes the 4th, 8th, 12th … request that matches: the same ones in every run. */
function isShared(state: RuleState): boolean {
  const share = state.rule.share ?? 1;
  state.matched += 1;
  return Math.floor(state.matched * share) > Math.floor((state.matched - 1) * share);
}
