// The browser of the tests: the system's Chromium, and what every page is held to.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const base = process.env.BTLC_URL;

/** launch starts Chromium, found where BTLC_CHROMIUM or Debian says. */
export async function launch() {
  const program = process.env.BTLC_CHROMIUM ?? "/usr/bin/chromium";
  assert.ok(existsSync(program), `there is no ${program}: on Debian and its kin, apt install chromium; elsewhere say in BTLC_CHROMIUM where it is`);
  // Chromium's sandbox does not run as root, nor in most containers; the pages are our own. Its camera shows a test picture.
  return chromium.launch({ executablePath: program, args: ["--no-sandbox", "--use-fake-device-for-media-stream"] });
}

/** picture keeps a picture of the page in the directory BTLC_PICTURES, if there is one to keep it in. */
export async function picture(page, name) {
  const directory = process.env.BTLC_PICTURES;
  if (!directory) return;
  mkdirSync(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
}

/** watched is a new page; problems fills with what the browser complains of: scripts and styles that are refused, requests elsewhere. */
export async function watched(browser, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) problems.push(message.text()); });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => { if (!request.url().startsWith(base)) problems.push(`asks ${request.url()}`); });
  return { context, page, problems };
}

/** accessible holds a page to WCAG 2.2 AA as far as a program can tell, and to not scrolling sideways. */
export async function accessible(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`), []);
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `the page is ${content} pixels wide in a window of ${window}`);
}
