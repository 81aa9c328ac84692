// The log of a run that goes on, in a real browser.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, severe } from "./browser.mjs";
import { start } from "./host.mjs";

let host, browser;

before(async () => {
  [host, browser] = await Promise.all([start(), launch()]);
});

after(async () => {
  await browser?.close();
  await host?.stop();
});

/** A run that says so many lines; its id. */
async function talk(lines, pause_ms) {
  const { run } = await host.api("POST", "/schedules/talk/fire", { input: { lines, pause_ms } });
  return run;
}

async function look(path, steps) {
  const { page, wrong, close } = await open(browser, host.url);
  try {
    await page.goto(host.url + path, { waitUntil: "load" });
    await steps(page);
    assert.deepEqual(wrong, [], path);
  } finally {
    await close();
  }
}

const texts = async (page) => (await page.locator(".line .text").allTextContents()).map((text) => text.trim());

test("lines show up on the run's page as they are said, and the log is whole when it is over", async () => {
  const run = await talk(100_000, 100);
  await look(`/runs/${run}`, async (page) => {
    await page.locator(".tail .line").getByText("line 5 of").waitFor();
    assert.equal((await host.api("GET", `/runs/${run}`)).state, "running", "it is heard while it runs");
    await host.api("POST", `/runs/${run}/cancel`, {});
    await page.waitForFunction(() => !document.querySelector(".tail"));
    const { items } = await host.api("GET", `/runs/${run}/logs`);
    const kept = items[0].lines.map((line) => line.message);
    await page.waitForFunction((count) => document.querySelectorAll(".line").length === count, kept.length);
    assert.deepEqual(await texts(page), kept);
  });
});

test("the page of the log alone follows, is searched, and stays where the reader scrolled", async () => {
  const run = await talk(100_000, 5);
  await look(`/runs/${run}/log`, async (page) => {
    const log = page.locator("[data-log-lines]");
    await log.getByText("line 120 of").waitFor();
    const below = () => log.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight);
    await page.waitForFunction(() => {
      const element = document.querySelector("[data-log-lines]");
      return element.scrollHeight - element.scrollTop - element.clientHeight < 40;
    });
    await log.evaluate((element) => (element.scrollTop = 300));
    await page.locator("[data-log][data-paused]").waitFor();
    const before = await page.locator(".line").count();
    await page.waitForFunction((before) => document.querySelectorAll(".line").length > before + 20, before);
    assert.ok((await below()) > 40, "it did not jump");
    assert.deepEqual(await severe(page), []);
    await page.locator("[data-log-q]").fill("line 200 of");
    await page.waitForFunction(() => document.querySelectorAll(".line").length === 1);
    assert.deepEqual(await texts(page), ["line 200 of 100000"]);
    await host.api("POST", `/runs/${run}/cancel`, {});
  });
});
