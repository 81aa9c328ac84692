// A browser whose pages fail a test that asks for anything foreign, logs an error, or throws.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What hinders somebody; the rest of axe's list is advice. */
const SEVERE = ["serious", "critical"];

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });

/** A page that watches itself. `origin` is all it may ask. */
export async function open(browser, origin, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    colorScheme: "light",
    timezoneId: "Europe/Berlin",
    ...options,
  });
  const page = await context.newPage();
  const wrong = [];
  page.on("request", (request) => {
    const { protocol, origin: asked } = new URL(request.url());
    if (protocol !== "data:" && asked !== origin) wrong.push(`foreign request: ${request.url()}`);
  });
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => wrong.push(`exception: ${error.message}`));
  return { page, wrong, close: () => context.close() };
}

/** What axe finds severe, a line each. */
export async function severe(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const told = ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => `${node.target} ${node.failureSummary.split("\n")[1]}`).join("; ")}`;
  return found.violations.filter((one) => SEVERE.includes(one.impact)).map(told);
}
