/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

export interface TemplatesOperations {
  /**
   * GET /v3/business-messaging/api/templates
   *
   * Templates, newest first, without content and schema
   */
  listTemplates: {
    query: {
      limit?: number;
      cursor?: string;
      status?: "draft" | "approved" | "archived";
      category?: string;
      channelKey?: string;
      search?: string;
    };
    answer: {
      data: ListedTemplate[];
      nextCursor: string | null;
    };
  };
  /**
   * POST /v3/business-messaging/api/templates
   *
   * Make a draft
   */
  createTemplate: {
    body: {
      name: string;
      key?: string | null;
      /**
       * @maxItems 50
       */
      channelKeys: unknown[];
      /**
       * The channels' content, by channel key
       */
      content?: {};
      variableSchema?: {
        [k: string]: {
          type: "string" | "image" | "action";
          required?: boolean;
          default?: unknown;
        };
      };
      placeholders?: "double" | "single";
      category?: string | null;
    };
    answer: Template;
  };
  /**
   * GET /v3/business-messaging/api/templates/{template}
   *
   * A template by its id or key
   */
  getTemplate: {
    answer: Template;
  };
  /**
   * PUT /v3/business-messaging/api/templates/{template}
   *
   * Change a template, approve or archive it
   */
  updateTemplate: {
    body: {
      name?: string;
      key?: unknown;
      /**
       * @maxItems 50
       */
      channelKeys?: unknown[];
      /**
       * The channels' content, by channel key
       */
      content?: {};
      variableSchema?: {
        [k: string]: {
          type: "string" | "image" | "action";
          required?: boolean;
          default?: unknown;
        };
      };
      placeholders?: "double" | "single";
      category?: string | null;
      status?: "draft" | "approved" | "archived";
    };
    answer: ChangedTemplate;
  };
  /**
   * GET /v3/business-messaging/api/templates/{template}/versions
   *
   * Versions, newest first, without content and schema
   */
  listTemplateVersions: {
    query: {
      limit?: number;
      cursor?: string;
    };
    answer: {
      data: ListedTemplateVersion[];
      nextCursor: string | null;
    };
  };
  /**
   * GET /v3/business-messaging/api/templates/{template}/versions/{version}
   *
   * A version, whole
   */
  getTemplateVersion: {
    answer: TemplateVersion;
  };
  /**
   * POST /v3/business-messaging/api/templates/{template}/preview
   *
   * Render without sending
   */
  previewTemplate: {
    body: {
      variables?: {};
      version?: number;
    };
    answer: {
      templateKey: string;
      version: number;
      content: {
        [k: string]: unknown;
      };
    };
  };
}

export interface ListedTemplate {
  id: string;
  key: string;
  name: string;
  category: string | null;
  status: "draft" | "approved" | "archived";
  version: number;
  approvedVersion: number | null;
  channelKeys: string[];
  placeholders: "double" | "single";
  createdAt: string;
  updatedAt: string;
}

export interface Template extends ListedTemplate {
  content: {
    [k: string]: unknown;
  };
  variableSchema: {
    [k: string]: VariableDefinition;
  };
}

export interface VariableDefinition {
  type: "string" | "image" | "action";
  required: boolean;
  default?:
    | string
    | {
        [k: string]: unknown;
      };
}

export interface ChangedTemplate extends Template {
  warnings?: {
    field: string;
    message: string;
  }[];
}

export interface ListedTemplateVersion {
  version: number;
  channelKeys: string[];
  placeholders: "double" | "single";
  createdAt: string;
  approvedAt: string | null;
}

export interface TemplateVersion extends ListedTemplateVersion {
  content: {
    [k: string]: unknown;
  };
  variableSchema: {
    [k: string]: VariableDefinition;
  };
}
