import { findContentFaults } from "../../channels/table.ts";
import type { Actor } from "../../model/audit.ts";
import { keys } from "../../model/keys.ts";
import { NO_TEMPLATE } from "../../model/missing.ts";
import { type Outcome, refuse, refuseFaults, succeed } from "../../model/outcome.ts";
import type {
  NewTemplate,
  SendableTemplate,
  Template,
  TemplateChange,
  TemplateFilter,
  TemplateRef,
  TemplateVersion,
} from "../../model/template.ts";
import { findApprovalFaults, findDraftFaults } from "../../templates/rules.ts";
import { requireRoom } from "../kit/room.ts";
import { ChannelCalls } from "./channel-calls.ts";
import { describeNewTemplate, describeTemplateChange } from "./describe-change.ts";

const NO_VERSION = refuse("ERR_NOT_FOUND", "There is no such template, or no such version.");

/** About the app's templates. */
export class TemplateCalls extends ChannelCalls {
  getTemplate(idOrKey: string): Template | null {
    return this.templates.get(idOrKey);
  }

  listTemplates(filter: TemplateFilter) {
    return this.templates.list(filter);
  }

  listTemplateNames(ids: readonly string[]): [id: string, name: string][] {
    return this.templates.listNames(ids);
  }

  listTemplateVersions(idOrKey: string, beforeVersion: number | null, limit: number) {
    const versions = this.templates.listVersions(idOrKey, beforeVersion, limit);
    return versions === null ? NO_TEMPLATE : succeed(versions);
  }

  readTemplateVersion(idOrKey: string, version: number): Outcome<TemplateVersion> {
    const template = this.templates.get(idOrKey);
    const found = template === null ? null : this.templates.getVersion(template.id, version);
    return found === null ? NO_VERSION : succeed(found);
  }

  async createTemplate(template: NewTemplate, actor: Actor): Promise<Outcome<Template>> {
    requireRoom(this.ctx.storage, this.env);
    return this.change(() => {
      const faults = findDraftFaults(template, this.channels.list(), findContentFaults);
      if (faults.length > 0) return refuseFaults(faults);
      const outcome = this.quotas.check("templates") ?? this.templates.create(template, Date.now());
      if (outcome.ok) this.quotas.add("templates", 1);
      if (outcome.ok) this.record(actor, [describeNewTemplate(outcome.value)]);
      return outcome;
    });
  }

  async updateTemplate(idOrKey: string, change: TemplateChange, actor: Actor): Promise<Outcome<Template>> {
    return this.change(() => {
      const template = this.templates.get(idOrKey);
      if (template === null) return NO_TEMPLATE;
      const next = { ...template, ...withoutUndefined(change) };
      const faults = findDraftFaults(next, this.channels.list(), findContentFaults);
      if (change.status === "approved") faults.add(findApprovalFaults(next));
      if (faults.length > 0) return refuseFaults(faults);
      const now = Date.now();
      // What makes no version, archiving among it, needs no room; one has all of the content, whatever was changed.
      if (this.templates.isNewVersion(template, change)) {
        requireRoom(this.ctx.storage, this.env);
        const kept = this.templates.makeRoom(template.id, this.quotas.limitOf("templateVersions"), now);
        const refused = this.quotas.check("templateVersions", 1, kept);
        if (refused !== null) return refused;
      }
      let updated = this.templates.update(template, change, now);
      if (change.status !== undefined) updated = this.templates.setStatus(updated, change.status, now);
      this.#mirrorTemplate(updated);
      this.record(actor, describeTemplateChange(template, updated));
      return succeed(updated);
    });
  }

  findTemplate(ref: TemplateRef): Outcome<SendableTemplate> {
    const template = this.#requireTemplate(ref);
    if (template === null) {
      return refuse("ERR_TEMPLATE_NOT_FOUND", `There is no template "${Object.values(ref)[0]}".`);
    }
    const sendable = this.templates.getSendable(template);
    if (sendable !== null) return succeed(sendable);
    const { key } = template;
    const how = `Approve it with PUT …/templates/${key} {"status": "approved"}.`;
    return refuse("ERR_TEMPLATE_NOT_APPROVED", `The template "${key}" isn't approved. ${how}`);
  }

  findTemplateVersion(ref: TemplateRef, version: number): SendableTemplate | null {
    const template = this.#requireTemplate(ref);
    return template === null ? null : this.templates.getSendableVersion(template, version);
  }

  #mirrorTemplate(template: Template): void {
    const { id: appId } = this.requireRecord();
    this.mirror.put(keys.kvTemplate(appId, template.key), this.templates.getSendable(template));
    this.mirror.put(keys.kvTemplateId(appId, template.id), template.key);
  }

  #requireTemplate(ref: TemplateRef): Template | null {
    if ("keyOrId" in ref) return this.templates.get(ref.keyOrId);
    const template = this.templates.get("key" in ref ? ref.key : ref.id);
    if (template === null) return null;
    return ("key" in ref ? template.key === ref.key : template.id === ref.id) ? template : null;
  }
}

function withoutUndefined<T extends object>(change: T): Partial<T> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Partial<T>;
}
