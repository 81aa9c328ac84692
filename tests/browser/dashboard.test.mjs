// The dashboard in a real browser, on the real binary with real plugins.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, severe } from "./browser.mjs";
import { start } from "./host.mjs";
import { paths, prepare } from "./pages.mjs";
import { proxy } from "./proxy.mjs";

let host, browser, ran;

before(async () => {
  [host, browser] = await Promise.all([start(), launch()]);
  ran = await prepare(host);
});

after(async () => {
  await browser?.close();
  await host?.stop();
});

/** Looks at `path`, and fails if anything went wrong on the way. */
async function look(path, steps, options, base = host.url) {
  const { page, wrong, close } = await open(browser, new URL(base).origin, options);
  try {
    await page.goto(base + path, { waitUntil: "load" });
    await steps(page);
    assert.deepEqual(wrong, [], path);
  } finally {
    await close();
  }
}

test("every page loads without an error or a foreign request, and axe finds nothing severe in light and in dark", async () => {
  const found = [];
  for (const path of Object.values(paths(ran))) {
    for (const colorScheme of ["light", "dark"]) {
      const note = async (page) => found.push(...(await severe(page)).map((line) => `${path} in ${colorScheme}: ${line}`));
      await look(path, note, { colorScheme });
    }
  }
  assert.deepEqual(found, []);
});

test("no page is wider than a phone of 390 pixels", async () => {
  const wide = [];
  for (const path of Object.values(paths(ran))) {
    const measure = async (page) => {
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > 390) wide.push(`${path} is ${width} wide`);
    };
    await look(path, measure, { viewport: { width: 390, height: 844 } });
  }
  assert.deepEqual(wide, []);
});

test("a run that begins elsewhere shows up without a reload", async () => {
  await look("/runs?schedule=by-hand", async (page) => {
    await page.evaluate(() => (globalThis.isSame = true));
    const { run } = await host.api("POST", "/schedules/by-hand/fire", {});
    await page.locator(`a[href$="${run}"]`).waitFor();
    await page.locator("tr", { has: page.locator(`a[href$="${run}"]`) }).getByText("succeeded").waitFor();
    assert.ok(await page.evaluate(() => globalThis.isSame), "it was loaded again");
  });
});

test("a run is started again from its page, which leads to the new one", async () => {
  await look(`/runs/${ran["by-hand"]}`, async (page) => {
    page.on("dialog", (dialog) => dialog.accept());
    await page.getByRole("button", { name: "Run again" }).click();
    await page.waitForURL((url) => url.pathname.startsWith("/runs/") && !url.pathname.endsWith(ran["by-hand"]));
    await page.locator("#head").getByText("succeeded").waitFor();
  });
});

test("a run that goes on shows how far it is, and is cancelled from its page", async () => {
  await look(`/runs/${ran["long-work"]}`, async (page) => {
    page.on("dialog", (dialog) => dialog.accept());
    await page.locator("progress").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.locator("#head").getByText("cancelled").first().waitFor();
  });
});

test("a log of a hundred thousand lines opens at its end, is scrolled back, and is searched", async () => {
  await look(`/runs/${ran.chatter}`, async (page) => {
    const lines = page.locator("[data-log-lines]");
    await lines.getByText("line 100000 of").waitFor();
    const first = () => lines.locator(".text").first().textContent();
    const begin = await first();
    await lines.evaluate((element) => (element.scrollTop = 0));
    await page.waitForFunction((begin) => document.querySelector("[data-log-lines] .text").textContent !== begin, begin);
    await page.locator("[data-log-q]").fill("LINE 4711 ");
    await page.getByText("1 of 100000 lines").waitFor();
    assert.equal((await first()).trim(), "line 4711 of 100000");
    await page.locator("[data-log-q]").fill("");
    await page.locator("[data-log-level]").selectOption("warn");
    await page.getByText("1000 of 100000 lines").waitFor();
  });
});

test("dark and light follow the system until somebody chooses, and the choice is kept", async () => {
  await look("/runs", async (page) => {
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await paper();
    await page.getByLabel("Theme").selectOption("light");
    await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
    assert.notEqual(await paper(), dark);
    await page.reload();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "light");
  }, { colorScheme: "dark" });
});

test("times are shown in the zone that the reader chose", async () => {
  await look("/schedules", async (page) => {
    await page.getByText("CST").first().waitFor();
    await page.getByLabel("Times in").selectOption("mine");
    await page.getByText("CET").first().waitFor();
  });
});

test("a reader without a mouse goes through the pages by keys", async () => {
  await look("/schedules", async (page) => {
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await page.waitForURL("**/runs");
    await page.keyboard.press("/");
    await page.keyboard.type("flaky");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/runs?schedule=flaky**");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
  });
});

test("everything works below a path behind a proxy", { skip: !process.env.SUB_PATH && "the host does not know of a prefix yet" }, async () => {
  const below = await proxy(host.url, "/ops/noontide");
  try {
    for (const path of Object.values(paths(ran))) {
      await look(path, async (page) => {
        const links = await page.locator("a[href]").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
        const astray = links.filter((link) => link.startsWith("/") && !link.startsWith("/ops/noontide/"));
        assert.deepEqual(astray, [], path);
      }, {}, below.url);
    }
  } finally {
    below.stop();
  }
});
