/**
 * A client of the BTLC registry, typed by its OpenAPI document.
 *
 * @packageDocumentation
 */
import createClient, { type Client } from "openapi-fetch";
import { retrying } from "./retry.js";
import type { components, operations, paths } from "./schema.js";

export { pages } from "./pages.js";
export { BtlcProblem, unwrap, type Problem, type Result } from "./problem.js";
export type { components, operations, paths };

/** The resources, requests and answers by name, such as `Schemas["School"]`. */
export type Schemas = components["schemas"];

/** A client with a method for each HTTP verb: `client.GET("/v1/courses")`. */
export type BtlcClient = Client<paths>;

/** How to reach the registry, and as whom. */
export interface BtlcClientOptions {
  /** The address of the server, such as `https://registry.example.org`. */
  baseUrl: string;
  /** For machines: the secret of an API key. */
  apiKey?: string;
  /** For people: a token of their OpenID provider, or what gets a fresh one before each call. */
  token?: string | (() => string | Promise<string>);
  /** What sends requests. Default: the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
  /** How often to try again when the server cannot answer or asks to wait. Default: 2. */
  retries?: number;
}

/**
 * Makes a client. Each write gets an `Idempotency-Key`, unless the caller gives one, and keeps it when it is tried
 * again: it takes effect once.
 */
export function createBtlcClient(options: BtlcClientOptions): BtlcClient {
  const { baseUrl, apiKey, token = apiKey, retries = 2 } = options;
  const send = options.fetch ?? ((request: Request) => globalThis.fetch(request));
  const client = createClient<paths>({ baseUrl, fetch: retrying(send, retries) });
  if (token !== undefined) {
    client.use({
      async onRequest({ request }) {
        const secret = typeof token === "function" ? await token() : token;
        request.headers.set("Authorization", `Bearer ${secret}`);
      },
    });
  }
  return client;
}
