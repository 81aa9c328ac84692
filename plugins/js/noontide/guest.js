// The contract's side: from and to the words of wit/. Only inside a component; `entry.js` of a plugin exports what this
// makes.

import { Call } from "./call.js";
import { host } from "./guest_host.js";
import { Cancelled, Failure, InvalidInput, Items, Permanent, RunAgain, Skipped } from "./outcome.js";
import { Window } from "./window.js";

/** The two interfaces that the host calls. */
export function exported(plugin) {
  return {
    describe: { describe: () => described(plugin) },
    handler: {
      async run(asked) {
        let ended;
        try {
          ended = await plugin.run(new Call(invocation(asked), host));
        } catch (error) {
          throw error instanceof Failure ? failure(error) : error;
        }
        return outcome(ended);
      },
    },
  };
}

function described({ name, version, summary, wants, handlers }) {
  const infos = handlers.map((handler) => ({
    name: handler.name,
    summary: handler.summary,
    inputSchema: handler.input && JSON.stringify(handler.input),
    exampleInput: handler.example === undefined ? undefined : JSON.stringify(handler.example),
    timeoutMs: handler.timeout === undefined ? undefined : BigInt(handler.timeout),
  }));
  return { name, version, summary, wants, handlers: infos };
}

function invocation(asked) {
  const instant = (unixMs) => (unixMs === undefined || unixMs === null ? undefined : new Date(Number(unixMs)));
  const after = asked.extra.some(([name, value]) => name === "cause" && value === "after");
  return {
    ...asked,
    dueAt: instant(asked.dueAt),
    firedAt: instant(asked.firedAt),
    deadline: instant(asked.deadline),
    previousSuccess: instant(asked.previousSuccess),
    window: asked.window && new Window(instant(asked.window.from), instant(asked.window.to)),
    // The contract's `cause` has no word for it.
    cause: after ? "after" : asked.cause,
  };
}

function outcome(ended) {
  if (ended instanceof Skipped) return { tag: "skipped", val: ended.reason };
  if (ended instanceof RunAgain) return { tag: "run-again", val: BigInt(ended.after) };
  if (ended instanceof Items) return { tag: "items", val: ended.outcomes.map(settled) };
  return { tag: "done", val: ended.json };
}

const settled = ({ key, reason }) => ({
  key,
  outcome: reason === undefined ? { tag: "ok", val: undefined } : { tag: "err", val: reason },
});

function failure(failed) {
  if (failed instanceof InvalidInput) return { tag: "invalid-input", val: failed.message };
  if (failed instanceof Permanent) return { tag: "permanent", val: failed.message };
  if (failed instanceof Cancelled) return { tag: "cancelled" };
  const afterMs = failed.after === undefined ? undefined : BigInt(failed.after);
  return { tag: "retryable", val: { message: failed.message, afterMs } };
}
