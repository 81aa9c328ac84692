// What componentize-js makes the component from.

import { exported } from "./noontide/guest.js";
import plugin from "./noontide_template.js";

export const { describe, handler } = exported(plugin);
