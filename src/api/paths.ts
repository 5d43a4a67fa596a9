/** Where load balancers look: it also answers where a deployment's variables are wrong. */
export const HEALTH_PATH = "/health";
