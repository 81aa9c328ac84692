// Why the host gave nothing. Not caught, the call is tried again.

/** The host refused, or could not. `code` says which of the contract's reasons it was, such as "not-granted". */
export class HostError extends Error {
  constructor(code, message, databaseCode = "") {
    super(message);
    this.code = code;
    this.databaseCode = databaseCode;
  }

  get name() {
    return "HostError";
  }
}

/** A secret that is not granted, in the words of the Rust SDK. */
export const secretNotGranted = (name) =>
  new HostError(
    "not-granted",
    `secret \`${name}\` is not granted: add \`secrets = { ${name} = { env = "${name}" } }\` to this plugin's table, [plugin.<name>]`,
  );

/** `kind` is sql or kv. */
export const connectionNotGranted = (kind, connection) =>
  new HostError(
    "not-granted",
    `connection \`${connection}\` is not granted: add \`${kind} = ["${connection}"]\` to this plugin's table, [plugin.<name>]`,
  );

/** `kind` is sql or kv. */
export const connectionReadOnly = (kind, connection) =>
  new HostError(
    "read-only",
    `connection \`${connection}\` is granted for reading only: to write, grant \`${kind} = { ${connection} = "read-write" }\``,
  );

/** A bound that is used up: a key in `limits` of the plugin, or one of the host's own. */
export function over(what, name, allows) {
  if (!/^(state|outbox|artifact)-/.test(name)) return new HostError("too-large", `${what}: over the host's bound for \`${name}\`, ${allows}`);
  const unit = { "state-keys": "entries", "outbox-messages": "messages", "artifact-count": "files" }[name] ?? "bytes";
  const words = `over \`${name}\`, which allows ${allows} ${unit}`;
  return new HostError("too-large", `${what}: ${words}: less, or raise it in \`limits\` of this plugin's table, [plugin.<name>]`);
}

/** Another write came first. */
export const conflict = () => new HostError("conflict", "state: the entry is not at the expected revision");
