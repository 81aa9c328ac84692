// What componentize-js makes the component from.

import { exported } from "../noontide/guest.js";
import plugin from "./invoice_reminder.js";

export const { describe, handler } = exported(plugin);
