// Pictures of every page, in light, in dark and on a phone: `node screenshots.mjs FOLDER [NAME …]`.

import { mkdirSync } from "node:fs";
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

const [host, browser] = await Promise.all([start(), launch()]);
try {
  const ran = await prepare(host);
  for (const [name, path] of Object.entries(paths(ran))) {
    if (names.length && !names.includes(name)) continue;
    for (const [look, options] of Object.entries(LOOKS)) {
      const { page, close } = await open(browser, host.url, options);
      await page.goto(host.url + path, { waitUntil: "load" });
      await page.screenshot({ path: join(folder, `${name}-${look}.png`) });
      await close();
    }
  }
} finally {
  await browser.close();
  await host.stop();
}
