// Noontide plugins in JavaScript and TypeScript: a declaration, and a function per handler. index.d.ts has the words.
//
// `plugin` is the declaration, `call` what a handler gets, `outcome` how it may end, `stores` and `errors` what the host
// keeps and why it gave nothing, `testing` stands in for the host, `guest` is the contract's side.

export { HostError } from "./errors.js";
export {
  Cancelled,
  Done,
  Failure,
  InvalidInput,
  Items,
  Permanent,
  Retry,
  RunAgain,
  Skipped,
  done,
  failed,
} from "./outcome.js";
export { plugin } from "./plugin.js";
export { Rows } from "./stores.js";
