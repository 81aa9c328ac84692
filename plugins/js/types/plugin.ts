// A plugin in TypeScript, as its author would write it: `tsc` proves the declarations, nothing runs.

import { HostError, Items, Retry, Rows, RunAgain, Skipped, plugin, type Call, type Handler } from "../noontide/index.js";
import { testCall } from "../noontide/testing.js";

interface Input {
  days?: number;
}

const late: Handler<Input> = {
  summary: "Names what is late.",
  input: { type: "object", properties: { days: { type: "integer" } } },
  example: { days: 3 },
  timeout: "30s",
  async run(call: Call, { days = 3 }) {
    const rows = call.sql("shop").query<{ name: string }>("select name from orders where age > ?", days);
    const names: string[] = rows.map((row) => row.name);
    if (names.length === 0) return new Skipped("nobody is late");
    if (call.window?.contains(call.dueAt)) return new RunAgain("5s");
    const revision: number = call.state.cas("names", call.state.getWithRevision<string[]>("names")?.revision ?? 0, names);
    call.attach("names.txt", "text/plain", names.join("\n"));
    call.info("late", { revision, secret: call.secret("KEY").length });
    return { names };
  },
};

const each: Handler = {
  summary: "Works item by item.",
  run: (call) => new Items(call.items<{ id: number }>().map((item) => item.settle(async ({ id }) => void call.kv("cache").increment(`seen/${id}`)))),
};

export default plugin({
  name: "typed",
  version: "0.1.0",
  summary: "Is typed.",
  wants: { sql: ["shop"], kv: ["cache read-write"], secrets: ["KEY"] },
  handlers: { late, each },
});

const call = testCall({ state: { names: [] }, sql: { shop: { answers: [["from orders", Rows.with(["name"], [["a lamp"]])]] } } });
const line: string | undefined = call.lines[0]?.fields.table;
const refused = (error: unknown): boolean => error instanceof HostError && error.code === "not-granted";
throw refused(line) ? new Retry("again", { after: "1m" }) : new Error(call.artifact("names.txt")?.text);
