// The handler without a sandbox: `npm test`.

import assert from "node:assert/strict";
import test from "node:test";

import { InvalidInput } from "./noontide/index.js";
import { testCall } from "./noontide/testing.js";
import { greet } from "./noontide_template.js";

test("it greets by name and counts", async () => {
  const call = testCall({ state: { greeted: 2 } });
  assert.deepEqual(await greet(call, { name: "Ada" }), { greeting: "Hello, Ada!", times: 3 });
  assert.deepEqual([call.lines[0].message, call.stateAfter("greeted")], ["greeting", 3]);
});

test("nobody is an invalid input", async () => {
  await assert.rejects(greet(testCall(), { name: " " }), InvalidInput);
});
