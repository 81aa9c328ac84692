// Pictures of pages, in light, in dark and on a phone: `node screenshots.mjs FOLDER [NAME …]`. Named ones are taken in every look
// and as long as they are; without a name those of docs/ are taken, as far as a window reaches.

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { launch, open } from "./browser.mjs";
import { start } from "./host.mjs";
import { paths, prepare } from "./pages.mjs";

const [folder, ...names] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const LOOKS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 } },
};

/** What docs/ shows. */
const SHOWN = {
  now: ["light", "dark", "phone"],
  schedules: ["light", "dark"],
  schedule: ["light", "dark"],
  "schedule-changed": ["light"],
  simulator: ["light"],
  runs: ["light"],
  run: ["phone"],
  "run-retried": ["dark"],
  "run-log": ["light"],
  why: ["light"],
  plugins: ["light"],
  plugin: ["light"],
  hosts: ["light"],
  alerts: ["light", "dark"],
  incident: ["light"],
  tokens: ["light"],
  audit: ["light"],
  login: ["light"],
};

const [host, browser] = await Promise.all([start(), launch()]);
try {
  const ran = await prepare(host);
  const wanted = names.length ? Object.fromEntries(names.map((name) => [name, Object.keys(LOOKS)])) : SHOWN;
  for (const [name, looks] of Object.entries(wanted)) {
    for (const look of looks) await take(paths(ran)[name], look, join(folder, `${name}-${look}.png`));
  }
} finally {
  await browser.close();
  await host.stop();
}

async function take(path, look, file) {
  const { page, close } = await open(browser, host.url, LOOKS[look]);
  // While somebody works at the style, no new binary is needed to see it.
  if (process.env.STYLE) await page.route("**/noontide.css", (route) => route.fulfill({ contentType: "text/css", body: readFileSync(process.env.STYLE) }));
  await page.goto(host.url + path, { waitUntil: "load" });
  await page.screenshot({ path: file, fullPage: names.length > 0 });
  await close();
}
