// CPU time of processes, in seconds, as Linux counts it. It tells more than the clock does on a machine with other work.

import { readdirSync, readFileSync } from "node:fs";

// Linux tells outsiders hundredths of a second.
const TICKS = 100;

// Of a process that lives, with those of its children that are over.
export function cpu(pid) {
  const fields = stat(pid);
  return fields ? fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS : 0;
}

// The same, and of its children that live.
export function cpuOfAll(pid) {
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && stat(name)?.[1] === String(pid));
  return children.reduce((sum, child) => sum + cpu(child), cpu(pid));
}

// What stands after the name: the name may hold blanks.
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
