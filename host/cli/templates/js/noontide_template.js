// A plugin of Noontide in JavaScript. `noontide/index.d.ts` says what a call has.

import { InvalidInput, plugin } from "./noontide/index.js";

export default plugin({
  name: "noontide-template",
  version: "0.1.0",
  summary: "Greets, and counts how often.",
  handlers: {
    greet: {
      summary: "Greets somebody by name.",
      input: {
        type: "object",
        properties: { name: { type: "string", description: "Who is greeted." } },
        required: ["name"],
      },
      example: { name: "Ada" },
      timeout: "30s",
      run: greet,
    },
  },
});

/**
 * @param {import("./noontide/index.js").Call} call
 * @param {{ name: string }} input
 */
export async function greet(call, { name }) {
  if (name.trim() === "") throw new InvalidInput("the name is empty");
  const times = (call.state.get("greeted") ?? 0) + 1;
  call.state.set("greeted", times);
  call.info("greeting", { name, dueAt: call.dueAt.toISOString() });
  return { greeting: `Hello, ${name}!`, times };
}
