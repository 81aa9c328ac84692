// Makes a component of a plugin's entry: `node build.mjs ENTRY OUTPUT [WIT]`. Run it in a folder that holds the entry and
// all it imports. The component has no `fetch` unless NOONTIDE_FETCH is set: it would import wasi:http then.

import { renameSync, writeFileSync } from "node:fs";
import { componentize } from "@bytecodealliance/componentize-js";

const [entry, output, wit = "wit"] = process.argv.slice(2);

const { component } = await componentize({
  sourcePath: entry,
  witPath: wit,
  worldName: "plugin",
  disableFeatures: process.env.NOONTIDE_FETCH ? ["fetch-event"] : ["http", "fetch-event"],
});

// A host that watches must never see half a file.
writeFileSync(`${output}.new`, component);
renameSync(`${output}.new`, output);
