import type { ListedTemplate, ListedTemplateVersion, Template, TemplateVersion } from "../api-types.ts";
import type { CallOptions } from "../options.ts";
import type { Pages } from "../pages.ts";
import { type Answer, api, type Body, type Query, Resource } from "../requests.ts";

/** By id or key. */
export class Templates extends Resource {
  list(query?: Query<"listTemplates">, options?: CallOptions): Pages<ListedTemplate> {
    return this.requests.list<Answer<"listTemplates">>(api`/templates`, options, query);
  }

  /** A draft, until it is approved. */
  create(body: Body<"createTemplate">, options?: CallOptions): Promise<Template> {
    return this.requests.post(api`/templates`, options, body);
  }

  get(template: string, options?: CallOptions): Promise<Template> {
    return this.requests.get(api`/templates/${template}`, options);
  }

  update(
    template: string,
    body: Body<"updateTemplate">,
    options?: CallOptions,
  ): Promise<Answer<"updateTemplate">> {
    return this.requests.put(api`/templates/${template}`, options, body);
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
    return this.requests.list<Answer<"listTemplateVersions">>(
      api`/templates/${template}/versions`,
      options,
      query,
    );
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
