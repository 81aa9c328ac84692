// The helper module without a sandbox.

import assert from "node:assert/strict";
import test from "node:test";

import { Cancelled, InvalidInput, Items, Permanent, Retry, Rows, RunAgain, Skipped, plugin } from "../noontide/index.js";
import { millis } from "../noontide/span.js";
import { testCall } from "../noontide/testing.js";

const exam = plugin({
  name: "exam",
  version: "1.2.3",
  summary: "Is examined.",
  wants: { secrets: ["KEY"] },
  handlers: {
    double: { summary: "Doubles.", input: { type: "object" }, timeout: "90s", run: (_, { n = 0 }) => ({ n: n * 2 }) },
    later: { summary: "Takes its time.", run: async (_, input) => (await Promise.resolve(), input) },
    broken: { summary: "Breaks.", run: (_, { how }) => (how === "skip" ? Promise.reject(new Skipped("idle")) : how.of.what) },
    again: { summary: "Comes again.", run: () => new RunAgain("5s") },
    nothing: { summary: "Gives nothing.", run: () => {} },
    all: { summary: "Items.", run: (call) => new Items(call.items().map((item) => item.settle(async (it) => it.ok.what))) },
  },
});

const run = (handler, input, more) => exam.run(testCall({ handler, input, ...more }));

test("JSON goes in and out, from functions that wait and from those that do not", async () => {
  assert.equal((await run("double", { n: 21 })).json, '{"n":42}');
  assert.equal((await run("double")).json, '{"n":0}', "no input is as good as an empty one");
  assert.equal((await run("later", [1])).json, "[1]");
  assert.equal((await run("nothing")).json, undefined);
});

test("what ends well may be returned or thrown", async () => {
  assert.equal((await run("broken", { how: "skip" })).reason, "idle");
  assert.equal((await run("again")).after, 5000);
});

test("any error is tried again, and its stack is in the log", async () => {
  const call = testCall({ handler: "broken", input: { how: {} } });
  await assert.rejects(exam.run(call), (error) => error instanceof Retry && /^TypeError: Cannot read/.test(error.message));
  assert.match(call.lines[0].message, /^TypeError: /);
  assert.match(call.lines[1].message, /noontide\.test\.js/);
});

test("an unknown handler is a permanent failure that names the known ones", async () => {
  await assert.rejects(run("triple"), (error) => error instanceof Permanent && /no handler `triple`, it has: double/.test(error.message));
});

test("a declaration with an unknown word stops the build", () => {
  assert.throws(() => plugin({ name: "a", handlers: {}, want: {} }), /plugin: no `want` is known/);
  assert.throws(() => plugin({ name: "a", handlers: {}, wants: { folder: [] } }), /there are: http, tcp/);
  assert.throws(() => plugin({ name: "a", handlers: { b: { summary: "" } } }), /`run` must be a function/);
  assert.throws(() => millis("30"), /as in "30s"/);
  assert.equal(new Retry("busy", { after: "1m" }).after, 60_000);
});

test("an item that breaks fails alone", async () => {
  const { outcomes } = await run("all", undefined, { items: { a: { ok: { what: 1 } }, b: {} } });
  assert.deepEqual([outcomes[0].reason, outcomes[1].key], [undefined, "b"]);
  assert.match(outcomes[1].reason, /^TypeError/);
});

test("a run sees its own writes, and compare-and-set refuses another revision", () => {
  const { state } = testCall({ state: { page: "a" } });
  assert.deepEqual(state.getWithRevision("page"), { value: "a", revision: 1 });
  assert.equal(state.cas("page", 1, "b"), 2);
  assert.throws(() => state.cas("page", 1, "c"), { code: "conflict" });
  assert.equal(state.cas("new", 0, 1), 1);
  state.remove("page");
  assert.equal(state.get("page"), undefined);
});

test("the shared memory is another, and keys come in order", () => {
  const call = testCall({ state: { b: 1, a: 2, x: 3 }, shared: { a: 7 } });
  assert.deepEqual([call.shared.get("a"), call.shared.set("n", 1), call.state.get("n")], [7, 1, undefined]);
  assert.deepEqual([call.state.keys(), call.state.keys("x"), call.sharedAfter("n")], [["a", "b", "x"], ["x"], 1]);
});

test("a message is handed over with its key", () => {
  const call = testCall();
  assert.match(call.outbox.webhook("https://example.com/hook", { json: { a: 1 }, headers: { "X-A": "b" } }), /-0$/);
  const [{ method, contentType, headers, body }] = call.messages;
  assert.deepEqual([method, contentType, headers], ["POST", "application/json", [["X-A", "b"]]]);
  assert.equal(new TextDecoder().decode(body), '{"a":1}');
});

test("what is not granted says what to write where", () => {
  const call = testCall({ secrets: { KEY: "s3cret" } });
  assert.equal(call.secret("KEY"), "s3cret");
  for (const ask of [() => call.secret("B"), () => call.sql("shop").query("select 1"), () => call.kv("c").get("a")]) {
    assert.throws(ask, (error) => error.code === "not-granted" && /add `.*\[plugin\./.test(error.message));
  }
});

test("databases answer by script", () => {
  const call = testCall({ sql: { shop: { answers: [["from orders", Rows.with(["n"], [[7]])]] } }, kv: { cache: { n: "41" } } });
  assert.deepEqual(call.sql("shop").query("select n\n FROM  orders where id > ?", 3).only(), { n: 7 });
  assert.deepEqual(call.statements("shop")[0].parameters, [3]);
  assert.throws(() => call.sql("shop").execute("delete from orders"), { code: "read-only" });
  assert.equal(call.kv("cache").increment("n"), 42);
  assert.equal(call.kv("cache").setIfAbsent("n", "0"), false);
});

test("the call tells what is asked", () => {
  const window = [new Date("2026-01-01"), new Date("2026-01-02")];
  const extra = { includes: '["daily"]', "included-inputs": '{"daily":7}' };
  const call = testCall({ window, extra, input: { args: ["ops", 2] }, cancelledAfter: 2 });
  assert.ok(call.window.contains(window[0]) && !call.window.contains(window[1]));
  assert.deepEqual([call.includes(), call.includedInput("daily"), call.args()], [["daily"], 7, ["ops", 2]]);
  assert.equal(call.traceId.length, 32);
  assert.deepEqual([call.isCancelled(), call.isCancelled(), call.isCancelled()], [false, false, true]);
  assert.throws(() => call.stopIfCancelled(), Cancelled);
  assert.throws(() => testCall({ input: { args: 1 } }).args(), InvalidInput);
});
