import type { ListedTemplate, ListedTemplateVersion, Template, TemplateVersion } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { type Answer, api, type Body, type Query } from "../requests.ts";
import { Collection } from "./collection.ts";

interface TemplateKinds {
  one: Template;
  create: Body<"createTemplate">;
  /** A draft, until it is approved. */
  created: Template;
  update: Body<"updateTemplate">;
  updated: Answer<"updateTemplate">;
}

/** By id or key. */
export class Templates extends Collection<TemplateKinds> {
  protected readonly root = api`/templates`;

  list(query?: Query<"listTemplates">, options?: CallOptions): Pages<ListedTemplate> {
    return this.requests.list<"listTemplates">(this.root, options, query);
  }

  /** Its newest version is what is sent from now on. */
  approve(template: string, options?: CallOptions): Promise<Answer<"updateTemplate">> {
    return this.update(template, { status: "approved" }, options);
  }

  versions(
    template: string,
    query?: Query<"listTemplateVersions">,
    options?: CallOptions,
  ): Pages<ListedTemplateVersion> {
    return this.requests.list<"listTemplateVersions">(api`/templates/${template}/versions`, options, query);
  }

  version(template: string, version: number, options?: CallOptions): Promise<TemplateVersion> {
    return this.requests.get(api`/templates/${template}/versions/${version}`, options);
  }

  /** What users would see. */
  preview(
    template: string,
    body: Body<"previewTemplate">,
    options?: CallOptions,
  ): Promise<Answer<"previewTemplate">> {
    return this.requests.postAgain(api`/templates/${template}/preview`, options, body);
  }
}
