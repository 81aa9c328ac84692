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

const LOOKS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 } },
};

for (const [name, options] of Object.entries(LOOKS)) {
  test(`in ${name} every page loads without an error, asks nothing foreign, fits, and axe finds nothing severe`, async () => {
    const found = [];
    for (const path of Object.values(paths(ran))) {
      const note = async (page) => {
        found.push(...(await severe(page)).map((line) => `${path}: ${line}`));
        const [wide, wanted] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        if (wide > wanted) found.push(`${path} is ${wide} wide, of ${wanted}`);
      };
      await look(path, note, options);
    }
    assert.deepEqual(found, []);
  });
}

test("run now asks by the handler's schema and leads to the run that got the answer", async () => {
  await look("/schedules/by-hand", async (page) => {
    await page.getByRole("button", { name: "Run now…" }).click();
    const dialog = page.getByRole("dialog", { name: "Run by-hand now" });
    const field = dialog.locator('[name="input.name"]');
    assert.equal(await field.inputValue(), "you");
    await field.fill("the browser");
    await dialog.getByRole("button", { name: "Run now" }).click();
    await page.waitForURL("**/runs/*");
    await page.locator("#head").getByText("succeeded").first().waitFor();
    await page.getByText("the browser").first().waitFor();
  });
});

test("a schedule is paused with a reason and resumed, and its open page follows", async () => {
  await look("/schedules/talk", async (page) => {
    await page.getByRole("button", { name: "Pause…" }).click();
    const dialog = page.getByRole("dialog", { name: "Pause talk" });
    await dialog.getByLabel("Reason").fill("it talks too much");
    await dialog.getByRole("button", { name: "Pause" }).click();
    await page.locator("#paused").getByText("it talks too much").waitFor();
    await page.locator("#state").getByText("paused").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.locator("#state").getByText("active").waitFor();
    await page.getByRole("button", { name: "Pause…" }).waitFor();
  });
});

test("what was changed of a schedule stands on its page", async () => {
  await look("/schedules/weekly-letter", async (page) => {
    const newest = page.locator("#changes li").first();
    assert.match(await newest.innerText(), /changed[^]*input\.name\s+team → everybody[^]*trigger\s+0 9 \* \* MON → 30 9/);
  });
});

test("an incident is acknowledged on its page, and a sink is tried out", async () => {
  await look(`/alerts/${ran.incident}`, async (page) => {
    await page.getByRole("button", { name: "Acknowledge…" }).click();
    const dialog = page.getByRole("dialog", { name: "Somebody knows" });
    await dialog.getByLabel("Reason").fill("being looked at");
    await dialog.getByRole("button", { name: "Acknowledge" }).click();
    await page.locator("#words").getByText("being looked at").waitFor();
    await page.locator("#state").getByText("acknowledged").waitFor();
  });
  await look("/alerts", async (page) => {
    const answer = async (sink, words) => {
      await page.locator("#sinks tr", { hasText: sink }).getByRole("button", { name: "Send a test" }).click();
      await page.locator("#told").getByText(`${sink}: ${words}`).waitFor();
    };
    await answer("ops", "answered 204");
    await answer("pager", "answered 503");
  });
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

test("everything works below a path behind a proxy", async () => {
  const below = await proxy(host.url, "/ops/noontide");
  try {
    for (const path of Object.values(paths(ran))) {
      await look(path, async (page) => {
        const links = await page.locator("a[href]").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
        const astray = links.filter((link) => link.startsWith("/") && !link.startsWith("/ops/noontide/"));
        assert.deepEqual(astray, [], path);
      }, {}, below.url);
    }
    await look("/runs?schedule=by-hand", async (page) => {
      const { run } = await host.api("POST", "/schedules/by-hand/fire", {});
      await page.locator(`a[href="/ops/noontide/runs/${run}"]`).click();
      page.on("dialog", (dialog) => dialog.accept());
      await page.getByRole("button", { name: "Run again" }).click();
      await page.waitForURL((url) => url.pathname.startsWith("/ops/noontide/runs/") && !url.pathname.endsWith(run));
    }, {}, below.url);
  } finally {
    below.stop();
  }
});
