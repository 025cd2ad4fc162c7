// Holds the built client to its promises, against a server of this test. Build gen/ts before.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { BtlcProblem, createBtlcClient, pages, unwrap } from "../../../gen/ts/dist/index.js";

/**
 * Serves the answers in turn and keeps the requests.
 *
 * @param {import("node:test").TestContext} t
 * @param {{ status?: number, headers?: Record<string, string>, body: unknown }[]} answers
 */
async function serve(t, ...answers) {
  /** @type {import("node:http").IncomingMessage[]} */
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const answer = answers[requests.length - 1] ?? { status: 500, body: {} };
    const type = (answer.status ?? 200) < 400 ? "application/json" : "application/problem+json";
    response.writeHead(answer.status ?? 200, { "Content-Type": type, ...answer.headers });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(() => server.close());
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { requests, client: createBtlcClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: "secret" }) };
}

const district = { displayName: "Boston Public Schools", timeZone: "America/New_York" };

test("a write keeps its key when it is tried again", async (t) => {
  const { client, requests } = await serve(t, { status: 503, headers: { "Retry-After": "0" }, body: {} }, { body: district });
  const made = await unwrap(client.POST("/v1/districts", { params: { query: { districtId: "bps" } }, body: district }));
  assert.equal(made.displayName, district.displayName);
  assert.equal(requests.length, 2);
  assert.match(String(requests[0]?.headers["idempotency-key"]), /^[0-9a-f-]{36}$/);
  assert.equal(requests[1]?.headers["idempotency-key"], requests[0]?.headers["idempotency-key"]);
  assert.equal(requests[1]?.headers.authorization, "Bearer secret");
});

test("a write has one key", async (t) => {
  const { client, requests } = await serve(t, { body: district }, { body: {} }, { body: district });
  await client.POST("/v1/districts", { params: { query: { districtId: "bps", requestId: "mine" } }, body: district });
  await client.POST("/v1/sections/{section}:open", { params: { path: { section: "s" } }, body: { requestId: "mine" } });
  await client.POST("/v1/districts", { params: { query: { districtId: "bps" }, header: { "Idempotency-Key": "mine" } }, body: district });
  assert.deepEqual(requests.map((request) => request.headers["idempotency-key"]), [undefined, undefined, "mine"]);
  assert.equal(requests[1]?.url, "/v1/sections/s:open");
});

test("a read has no key", async (t) => {
  const { client, requests } = await serve(t, { body: { principal: "apiClients/1", displayName: "", roles: [] } });
  await unwrap(client.GET("/v1/whoami"));
  assert.equal(requests[0]?.headers["idempotency-key"], undefined);
});

test("pages go on until the token is empty", async (t) => {
  const { client, requests } = await serve(t, { body: { courses: [], nextPageToken: "two" } }, { body: { courses: [], nextPageToken: "" } });
  let count = 0;
  for await (const page of pages((pageToken) => client.GET("/v1/courses", { params: { query: { pageToken } } }))) {
    assert.deepEqual(page.courses, []);
    count++;
  }
  assert.equal(count, 2);
  assert.deepEqual(requests.map((request) => request.url), ["/v1/courses", "/v1/courses?pageToken=two"]);
});

test("a problem is an error with a reason", async (t) => {
  const body = { type: "about:blank", title: "There is no such resource", status: 404, detail: "There is no \"courses/x\".", reason: "NOT_FOUND", requestId: "1" };
  const { client } = await serve(t, { status: 404, body });
  await assert.rejects(unwrap(client.GET("/v1/courses/{course}", { params: { path: { course: "x" } } })), (problem) => {
    assert.ok(problem instanceof BtlcProblem);
    assert.equal(problem.message, body.detail);
    assert.equal(problem.reason, "NOT_FOUND");
    assert.equal(problem.response.status, 404);
    return true;
  });
});
