/** What each call takes and answers: made of the OpenAPI document by `npm run types`. */

export interface DashboardOperations {
  /**
   * POST /dashboard/session
   *
   * Exchange an API key, the admin token or a link's code for the dashboard's cookie
   */
  signIn: {
    body: {
      token?: string;
      code?: string;
    };
    answer: DashboardSession;
  };
  /**
   * GET /dashboard/session
   *
   * Who is signed in to the dashboard, nobody perhaps
   */
  getSession: {
    answer: DashboardSession;
  };
  /**
   * DELETE /dashboard/session
   *
   * Take the dashboard's cookie away
   */
  signOut: {
    answer: {
      signedOut: true;
    };
  };
  /**
   * POST /dashboard/session/app
   *
   * Open an app as the operator, which its audit log says
   */
  openApp: {
    body: {
      app: string;
    };
    answer: OpenedApp;
  };
}

export interface DashboardSession {
  role: "operator" | "key" | "nobody";
  app: {
    id: string;
    name: string;
  } | null;
  scopes: ("send" | "read" | "manage")[];
  key: string | null;
  expiresAt: string | null;
}

export interface OpenedApp {
  id: string;
  name: string;
}
