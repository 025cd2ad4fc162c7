// Walks through the pages as people do: a server runs at BTLC_URL, with the credential at BTLC_CREDENTIAL (issued to the
// person at BTLC_EMAIL), whose status the key BTLC_KEY may change. In BTLC_PHOTOS are photos of codes: ours.jpg of the
// credential's, elsewhere.jpg of one that leads to another site.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accessible, base, launch, picture, watched } from "./browser.mjs";

const credential = `${base}/${process.env.BTLC_CREDENTIAL}`;
const looks = [320, 1280].flatMap((width) => ["light", "dark"].map((colorScheme) => ({ name: `${width}-${colorScheme}`, viewport: { width, height: 900 }, colorScheme })));

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

async function become(verb) {
  const answer = await fetch(`${base}/v1/${process.env.BTLC_CREDENTIAL}:${verb}`, {
    method: "POST",
    headers: { "Authorization": `Bearer ${process.env.BTLC_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify({ reasonCode: "TESTED", authority: "The test" }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

/** look opens an address in every look, hands each page to see, and holds it to what every page is held to. */
async function look(name, address, see = async () => {}) {
  for (const { name: at, ...options } of looks) {
    const { context, page, problems } = await watched(browser, options);
    await page.goto(address);
    await see(page);
    await picture(page, `${name}-${at}`);
    await accessible(page);
    assert.deepEqual(problems, [], `${name} at ${at}`);
    await context.close();
  }
}

const verdict = (page) => page.locator(".verdict strong").innerText();

test("a valid credential is told at one look", async () => {
  await look("valid", credential, async (page) => {
    assert.equal(await verdict(page), "Valid");
    assert.equal(await page.locator("h1").innerText(), "Using Data Course Certificate");
    const badge = page.getByRole("img", { name: "The badge of this credential" });
    assert.ok(await badge.evaluate((img) => img.complete && img.naturalWidth > 0), "the badge is not drawn");
    assert.equal(await page.locator(".competencies li").count(), 4);
    assert.ok(await page.locator(".checks .passed").count() >= 3);
    assert.equal(await page.locator(".checks .failed").count(), 0);
  });
});

test("printed, it keeps what paper can say", async () => {
  const { context, page } = await watched(browser, { viewport: { width: 800, height: 1100 } });
  await page.goto(credential);
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.locator(".verdict").isVisible());
  assert.ok(!await page.locator("form").isVisible() && !await page.locator("footer").isVisible());
  await picture(page, "valid-print");
  await context.close();
});

test("the keyboard alone, and no script: whose it is", async () => {
  const { context, page } = await watched(browser, { javaScriptEnabled: false });
  await page.goto(credential);
  await page.keyboard.press("Tab");
  await page.keyboard.type(process.env.BTLC_EMAIL.toUpperCase());
  await picture(page, "holder-asked");
  await page.keyboard.press("Enter");
  await page.getByText("It was issued to the person with the address that you gave.").waitFor();
  await picture(page, "holder-yes");
  await page.getByLabel("E-mail address of the person").fill("another@example.org");
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByText("It was not issued under the address that you gave.").waitFor();
  await context.close();
});

for (const javaScriptEnabled of [true, false]) {
  test(`files and texts are verified, ${javaScriptEnabled ? "with" : "without"} the script`, async () => {
    const { context, page, problems } = await watched(browser, { javaScriptEnabled });
    const badge = Buffer.from(await (await fetch(`${credential}.png`)).arrayBuffer());
    const text = await (await fetch(`${credential}.json`)).text();
    const verified = async (word) => {
      await page.getByRole("button", { name: "Verify" }).click();
      await page.locator(".verdict").waitFor();
      assert.equal(await verdict(page), word);
    };
    await page.goto(`${base}/verify`);
    await page.getByLabel("A file").setInputFiles({ name: "badge.png", mimeType: "image/png", buffer: badge });
    await verified("Valid");
    await picture(page, `verified-script-${javaScriptEnabled}`);
    await page.getByLabel("Its text").fill(text);
    await verified("Valid");
    await page.getByLabel("Its text").fill(text.replace("Using Data", "Using Tea"));
    await verified("Not valid");
    await page.getByLabel("Its text").fill("no credential");
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByRole("button", { name: "Verify" }).waitFor();
    assert.deepEqual(problems.filter((p) => !p.includes("400 (Bad Request)")), []);
    await context.close();
  });
}

test("a file is dropped", async () => {
  const { context, page, problems } = await watched(browser, {});
  await page.goto(`${base}/verify`);
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(["{}"], "credential.json", { type: "application/json" }));
    return data;
  });
  await page.locator("#drop").dispatchEvent("dragover", { dataTransfer: transfer });
  await page.locator("#drop").dispatchEvent("drop", { dataTransfer: transfer });
  assert.equal(await page.locator("#file").evaluate((input) => input.files[0]?.name), "credential.json");
  assert.deepEqual(problems, []);
  await context.close();
});

test("the page that verifies is for everybody", async () => {
  await look("verify", `${base}/verify`);
  const text = await (await fetch(`${credential}.json`)).text();
  for (const [name, given] of [["verified", text], ["refused", text.replace("Using Data", "Using Tea")]]) {
    await look(name, `${base}/verify`, async (page) => {
      await page.getByLabel("Its text").fill(given);
      await page.getByRole("button", { name: "Verify" }).click();
      await page.locator(".verdict").waitFor();
    });
  }
});

const photoOf = (name) => join(process.env.BTLC_PHOTOS, `${name}.jpg`);
const phone = { viewport: { width: 390, height: 844 } };

test("the keyboard alone, and no script: a photo of a code leads to the credential", async () => {
  const { context, page } = await watched(browser, { ...phone, javaScriptEnabled: false });
  await page.goto(`${base}/verify`);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  const asked = page.waitForEvent("filechooser");
  await page.keyboard.press("Space");
  const chooser = await asked;
  assert.equal(await chooser.element().getAttribute("name"), "photo");
  await chooser.setFiles(photoOf("ours"));
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(credential);
  assert.equal(await verdict(page), "Valid");
  await context.close();
});

test("a code of another site is told, and nothing is asked there", async () => {
  await look("elsewhere", `${base}/verify`, async (page) => {
    assert.ok(!await page.getByRole("button", { name: "Scan with the camera" }).isVisible(), "this browser reads no codes itself");
    await page.getByLabel("A photo of the code").setInputFiles(photoOf("elsewhere"));
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByText("It leads to no credential of this program.").waitFor();
    assert.match(await page.locator(".result").innerText(), /https:\/\/elsewhere\.example\.org\/1/);
    assert.equal(await page.locator(".result a").count(), 0);
  });
});

/** withReader is a page in a browser that reads codes: that of the credential, when globalThis.shown is set. */
async function withReader(options) {
  const opened = await watched(browser, { ...phone, ...options });
  await opened.page.addInitScript((address) => {
    globalThis.BarcodeDetector = class {
      static async getSupportedFormats() { return ["qr_code"]; }
      async detect(video) {
        globalThis.seen = video.srcObject;
        return globalThis.shown && video.videoWidth > 0 ? [{ rawValue: address }] : [];
      }
    };
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    globalThis.asked = 0;
    navigator.mediaDevices.getUserMedia = (what) => { globalThis.asked++; return ask(what); };
  }, credential);
  await opened.page.goto(`${base}/verify`);
  return opened;
}

for (const colorScheme of ["light", "dark"]) {
  test(`a camera scans a code, by the keyboard, ${colorScheme}`, async () => {
    const { context, page, problems } = await withReader({ colorScheme, permissions: ["camera"] });
    const start = page.getByRole("button", { name: "Scan with the camera" });
    const stopper = page.getByRole("button", { name: "Stop the camera" });
    await start.waitFor();
    await picture(page, `scan-offered-${colorScheme}`);
    await accessible(page);
    assert.equal(await page.evaluate(() => globalThis.asked), 0);
    for (const _ of ["file", "photo", "start"]) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => globalThis.seen?.active && document.getElementById("video").videoWidth > 0);
    await picture(page, `scanning-${colorScheme}`);
    await accessible(page);
    assert.ok(await stopper.evaluate((button) => button === document.activeElement));
    await page.keyboard.press("Enter");
    await start.waitFor();
    assert.deepEqual(await page.evaluate(() => [globalThis.asked, globalThis.seen.active]), [1, false]);
    assert.ok(await start.evaluate((button) => button === document.activeElement));
    await page.evaluate(() => { globalThis.shown = true; });
    await page.keyboard.press("Enter");
    await page.waitForURL(credential);
    assert.equal(await verdict(page), "Valid");
    assert.deepEqual(problems, []);
    await context.close();
  });
}

test("a camera that may not be used", async () => {
  const { context, page } = await withReader({});
  await page.evaluate(() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); }; });
  await page.getByRole("button", { name: "Scan with the camera" }).click();
  await page.getByText("The camera cannot be used here.").waitFor();
  assert.ok(await page.getByRole("button", { name: "Scan with the camera" }).isEnabled());
  await accessible(page);
  await context.close();
});

// These change the credential, so that they come last.

test("a suspended credential", async () => {
  await become("suspend");
  await look("suspended", credential, async (page) => assert.equal(await verdict(page), "Suspended"));
});

test("a revoked credential says so first", async () => {
  await become("revoke");
  await look("revoked", credential, async (page) => {
    assert.equal(await verdict(page), "Revoked");
    assert.equal(await page.evaluate(() => document.querySelector("main").innerText.trim().split("\n")[0]), "Revoked");
    assert.equal(await page.locator(".badge").count(), 0);
  });
});

test("an address that is wrong", async () => {
  const { context, page } = await watched(browser, {});
  const answer = await page.goto(`${credential}0`);
  assert.equal(answer.status(), 404);
  await picture(page, "unknown");
  await accessible(page);
  await context.close();
});
