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

/** Another write came first. */
export const conflict = () => new HostError("conflict", "state: the entry is not at the expected revision");
