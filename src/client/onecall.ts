import { Caller } from "./caller.ts";
import type { OnecallOptions } from "./options.ts";
import { Requests } from "./requests.ts";
import { Admin } from "./resources/admin.ts";
import { Analytics } from "./resources/analytics.ts";
import { AuditLog } from "./resources/audit-log.ts";
import { Channels } from "./resources/channels.ts";
import { Devices } from "./resources/devices.ts";
import { Feed } from "./resources/feed.ts";
import { Files } from "./resources/files.ts";
import { Notifications } from "./resources/notifications.ts";
import { Service } from "./resources/service.ts";
import { Session } from "./resources/session.ts";
import { Templates } from "./resources/templates.ts";
import { Users } from "./resources/users.ts";
import { Webhooks } from "./resources/webhooks.ts";

/**
 * Onecall's API. Every call resolves to what the service answers, or rejects with an `OnecallError`.
 *
 * @throws {TypeError} for an empty credential or url: a variable of the environment that isn't set.
 */
export class Onecall {
  readonly notifications: Notifications;
  readonly templates: Templates;
  readonly channels: Channels;
  readonly files: Files;
  readonly users: Users;
  readonly devices: Devices;
  readonly analytics: Analytics;
  readonly webhooks: Webhooks;
  readonly auditLog: AuditLog;
  readonly feed: Feed;
  readonly admin: Admin;
  readonly session: Session;
  readonly service: Service;

  constructor(options: OnecallOptions) {
    const caller = new Caller(options);
    const requests = new Requests(caller);
    this.notifications = new Notifications(requests);
    this.templates = new Templates(requests);
    this.channels = new Channels(requests);
    this.files = new Files(requests);
    this.users = new Users(requests);
    this.devices = new Devices(requests);
    this.analytics = new Analytics(requests);
    this.webhooks = new Webhooks(requests);
    this.auditLog = new AuditLog(requests);
    this.feed = new Feed(new Requests(caller, "userToken"));
    this.admin = new Admin(new Requests(caller, "adminToken"));
    this.session = new Session(new Requests(caller, null));
    this.service = new Service(new Requests(caller, null));
  }
}
