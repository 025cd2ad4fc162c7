import type { components } from "./schema.js";

/** What the server says when something goes wrong (RFC 9457). */
export type Problem = components["schemas"]["Problem"];

/** What a call of the client gives: data or an error, and the response. */
export interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** A problem as an error. Programs decide by `reason`, which does not change; people read the message. */
export class BtlcProblem extends Error implements Problem {
  override readonly name = "BtlcProblem";
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance?: string;
  readonly reason?: string;
  readonly metadata?: Problem["metadata"];
  readonly violations?: Problem["violations"];
  readonly requestId?: string;
  /** The response that carried it. */
  readonly response: Response;

  constructor(body: unknown, response: Response) {
    const problem: Partial<Problem> = typeof body === "object" && body !== null ? body : {};
    const title = problem.title ?? (response.statusText || `HTTP ${response.status}`);
    super(problem.detail ?? title);
    this.type = problem.type ?? "about:blank";
    this.title = title;
    this.status = response.status;
    this.detail = problem.detail;
    this.instance = problem.instance;
    this.reason = problem.reason;
    this.metadata = problem.metadata;
    this.violations = problem.violations;
    this.requestId = problem.requestId;
    this.response = response;
  }
}

/** Gives the data of a call, or throws a {@link BtlcProblem}: `const me = await unwrap(client.GET("/v1/whoami"))`. */
export async function unwrap<T>(call: Promise<Result<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) {
    throw new BtlcProblem(error, response);
  }
  return data as T;
}
