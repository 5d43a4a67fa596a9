/** The deployed script as many-calls-entry.ts sees it. */
declare const onecall: {
  fetch(request: Request, env: object, execution: object): Promise<Response>;
  queue(batch: object, env: object): Promise<void>;
};
export default onecall;
