// The declaration: what the plugin is, and which function answers to which name.

import { Done, Failure, Items, Permanent, Retry, RunAgain, Skipped, described } from "./outcome.js";
import { millis } from "./span.js";

const WANTS = ["http", "tcp", "env", "secrets", "folders", "sql", "kv"];
const HANDLER = ["summary", "input", "example", "timeout", "run"];

/** Says what a plugin is. A declaration that cannot be meant stops the build. */
export function plugin({ name, version, summary, wants = {}, handlers, ...unknown }) {
  only(unknown, [], "plugin");
  only(wants, WANTS, "wants");
  const declared = Object.entries(handlers).map(([called, handler]) => {
    only(handler, HANDLER, `handler ${called}`);
    if (typeof handler.run !== "function") throw new TypeError(`handler ${called}: \`run\` must be a function`);
    const timeout = handler.timeout === undefined ? undefined : millis(handler.timeout);
    return { summary: "", ...handler, name: called, timeout };
  });
  return new Plugin(name, version, summary, wants, declared);
}

class Plugin {
  constructor(name, version, summary, wants, handlers) {
    Object.assign(this, { name, version, summary, handlers });
    this.wants = Object.fromEntries(WANTS.map((kind) => [kind, wants[kind] ?? []]));
  }

  /** Runs the handler that the call names, as the host does: JSON in, JSON out. Rejects with a `Failure`; any other error
   * becomes a `Retry`, and its stack lines of the run's log. */
  async run(call) {
    const found = this.handlers.find((handler) => handler.name === call.handler);
    if (found === undefined) {
      const names = this.handlers.map((handler) => handler.name).join(", ");
      throw new Permanent(`plugin \`${this.name}\` has no handler \`${call.handler}\`, it has: ${names}`);
    }
    try {
      return await ended(await found.run(call, call.input()));
    } catch (error) {
      if (error instanceof Skipped || error instanceof RunAgain) return error;
      if (error instanceof Failure) throw error;
      // The engine's own, which is no Error: the host knows better than we what the memory was, once this guest is gone.
      if (error === "out of memory") throw error;
      for (const line of stack(error)) call.error(line);
      throw new Retry(described(error), { cause: error });
    }
  }
}

async function ended(result) {
  if (result instanceof Items) return new Items(await Promise.all(result.outcomes));
  if (result instanceof Skipped || result instanceof RunAgain) return result;
  return new Done(result === undefined ? undefined : JSON.stringify(result));
}

/** Frames that say nothing to the plugin's author. */
const OURS = /noontide\/(plugin|guest)\.js|\/sources\/initializer\.js/;
/** Lines of a stack that are kept: a recursion has thousands. */
const FRAMES = 20;

function stack(error) {
  const all = (error?.stack ?? "").split("\n").filter((line) => line.trim() && !OURS.test(line));
  const frames = all.length > FRAMES ? [...all.slice(0, FRAMES), `… and ${all.length - FRAMES} more`] : all;
  // Node's stacks begin with the message, those of a component do not.
  return frames[0]?.includes(error?.message || "\0") ? frames : [described(error), ...frames.map((line) => `  ${line}`)];
}

function only(given, known, where) {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const words = known.length === 0 ? "name, version, summary, wants, handlers" : known.join(", ");
  throw new TypeError(`${where}: no \`${unknown}\` is known, there are: ${words}`);
}
