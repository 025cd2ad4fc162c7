// Runs the built client against a live server: BTLC_URL is its address, BTLC_STAFF_KEY a key of the program's staff.
// Build gen/ts before.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { BtlcProblem, createBtlcClient, pages, unwrap } from "../../../gen/ts/dist/index.js";

const { BTLC_URL: baseUrl, BTLC_STAFF_KEY: apiKey } = process.env;

test("the client against a live server", { skip: !baseUrl || !apiKey ? "BTLC_URL and BTLC_STAFF_KEY are not set" : false }, async (t) => {
  const client = createBtlcClient({ baseUrl: String(baseUrl), apiKey });

  await t.test("says who calls", async () => {
    const me = await unwrap(client.GET("/v1/whoami"));
    assert.match(me.principal, /^apiClients\//);
    assert.ok(me.roles.some((granted) => granted.role === "ROLE_PROGRAM_STAFF" || granted.role === "ROLE_ADMIN"));
  });

  await t.test("goes through the pages of courses", async () => {
    const names = [];
    for await (const page of pages((pageToken) => client.GET("/v1/courses", { params: { query: { pageSize: 1, pageToken } } }))) {
      assert.equal(page.courses.length, 1);
      names.push(...page.courses.map((course) => course.name));
    }
    assert.ok(names.includes("courses/using-data"), `courses: ${names}`);
    assert.equal(new Set(names).size, names.length);
  });

  await t.test("creates a district, once", async () => {
    const districtId = `test-${randomUUID()}`;
    const create = () => client.POST("/v1/districts", {
      params: { query: { districtId }, header: { "Idempotency-Key": districtId } },
      body: { displayName: "District of a test", timeZone: "America/New_York" },
    });
    const district = await unwrap(create());
    assert.equal(district.name, `districts/${districtId}`);
    assert.equal(district.stateCode, "");

    const again = await create();
    assert.deepEqual(again.data, district);
    assert.equal(again.response.headers.get("Idempotency-Replayed"), "true");

    const read = await unwrap(client.GET("/v1/districts/{district}", { params: { path: { district: districtId } } }));
    assert.deepEqual(read, district);
  });

  await t.test("turns a problem into an error", async () => {
    const call = unwrap(client.GET("/v1/districts/{district}", { params: { path: { district: `absent-${randomUUID()}` } } }));
    await assert.rejects(call, (problem) => {
      assert.ok(problem instanceof BtlcProblem);
      assert.equal(problem.status, 404);
      assert.equal(problem.reason, "NOT_FOUND");
      assert.ok(problem.requestId);
      return true;
    });
  });
});
