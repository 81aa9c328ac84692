// The handler without a sandbox: `node --test` in plugins/js.

import assert from "node:assert/strict";
import test from "node:test";

import { testCall } from "../noontide/testing.js";
import { Skipped } from "../noontide/index.js";
import plugin, { remind } from "./invoice_reminder.js";
import { money } from "./money.js";

const invoice = (more) => ({ number: "17", customer: "Ada", email: "ada@example.com", amount: 123450, currency: "EUR", due: "2025-12-20", ...more });

test("each step is written once, and a paid invoice is forgotten", () => {
  const state = { "sent/17": 1 };
  assert.ok(remind(testCall({ state }), { invoices: [invoice()] }).letters.length === 1, "12 days: the second step");
  assert.ok(remind(testCall({ state: { "sent/17": 2 } }), { invoices: [invoice()] }) instanceof Skipped);
  const call = testCall({ state });
  assert.ok(remind(call, { invoices: [invoice({ paid: true })] }) instanceof Skipped);
  assert.equal(call.stateAfter("sent/17"), undefined);
});

test("a letter is in the customer's language, and a name is no template", () => {
  const call = testCall();
  const { letters } = remind(call, { steps: [3], invoices: [invoice({ language: "de", customer: "$& {number}" })] });
  assert.equal(letters[0].subject, "Letzte Mahnung: Rechnung 17");
  assert.match(letters[0].body, /Guten Tag \$& \{number\},\n\nIhre Rechnung 17 über 1\.234,50 EUR/);
  assert.equal(JSON.parse(call.artifact("letters.jsonl").text).to, "ada@example.com");
});

test("a bad invoice of a timetable fails its own item only", async () => {
  const items = { a: invoice({ number: "1" }), b: invoice({ number: "2", email: "nowhere" }), c: invoice({ number: "3", due: "soon" }) };
  const { outcomes } = await plugin.run(testCall({ handler: "remind", items }));
  assert.deepEqual(outcomes.map((it) => it.reason), [undefined, "Error: `nowhere` is no address of mail", "Error: `soon` is no day"]);
});

test("amounts are grouped by thousands", () => {
  assert.equal(money(123456789, "EUR", "en"), "1,234,567.89 EUR");
  assert.equal(money(-5, "USD", "de"), "-0,05 USD");
});
