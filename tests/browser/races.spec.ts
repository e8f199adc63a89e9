// What happens while something else is still going on: nothing that was typed is lost, nothing goes
// to the server in clear, and nothing is sent after the reporter has left.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { type RunningInstallation, expect, test } from "./src/installation.ts";
import { fillReport, receiptCode, sendReport, waitForHydration } from "./src/reporting.ts";

const STORY = "Un récit CANARI-COURSE.";
const MORE = `${STORY} Écrit pendant le chargement.`;
const SEND_BUTTON = "form[action$='/report/send'] .button:visible";
const MANIFEST = "/.well-known/webcat/manifest.json";
const FORM_EN = "/en/form.json";
const PANEL = "details.draft";
/** A valid code without a mailbox. */
const UNKNOWN_CODE = "0000-0000-0000-0000-0000-0000-006X";

async function open(page: Page, installation: RunningInstallation, path = "/fr/report"): Promise<void> {
  await page.goto(`${installation.url}${path}`);
  await waitForHydration(page);
}

async function reachStory(page: Page): Promise<void> {
  await page.click("button[value='family.money']");
  await page.click("button[value='category.FAC']");
  await page.fill("[name='a.story']", STORY);
}

/** Holds the requests for an address until the returned function is called. */
async function hold(page: Page, path: string): Promise<() => void> {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route(`**${path}`, async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

/** Records the paths to which the page posts. */
function recordPosts(page: Page): string[] {
  const posted: string[] = [];
  page.on("request", (request) => request.method() === "POST" && posted.push(new URL(request.url()).pathname));
  return posted;
}

const story = (page: Page) => page.locator("[name='a.story']");
const toEnglish = (page: Page) => page.locator(".langs [lang=en]").click();

test("a language that loads slowly keeps what is typed meanwhile, and the place of the cursor", async ({ page, installation }) => {
  const release = await hold(page, FORM_EN);
  await open(page, installation);
  await reachStory(page);
  await toEnglish(page);
  await story(page).fill(MORE);
  await story(page).evaluate((field: HTMLTextAreaElement) => field.setSelectionRange(4, 4));
  release();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(story(page)).toHaveValue(MORE);
  await expect(story(page)).toBeFocused();
  expect(await story(page).evaluate((field: HTMLTextAreaElement) => field.selectionStart)).toBe(4);
});

test("of two languages that load slowly, the last chosen one is shown", async ({ page, installation }) => {
  const release = await hold(page, FORM_EN);
  await open(page, installation);
  await reachStory(page);
  await toEnglish(page);
  await page.locator(".langs [lang=pt]").click();
  await expect(page.locator("html")).toHaveAttribute("lang", "pt");
  const loaded = page.waitForResponse("**/en/form-rest.json");
  release();
  await loaded;
  await page.waitForTimeout(500);
  await expect(page.locator("html")).toHaveAttribute("lang", "pt");
  await expect(story(page)).toHaveValue(STORY);
});

test("a language that loads while the report is sent does not replace the code", async ({ page, installation }) => {
  const release = await hold(page, FORM_EN);
  await open(page, installation);
  await fillReport(page, { story: STORY });
  await toEnglish(page);
  const code = await sendReport(page);
  const loaded = page.waitForResponse("**/en/form-rest.json");
  release();
  await loaded;
  await page.waitForTimeout(500);
  expect(await receiptCode(page)).toBe(code);
  await expect(page.locator("html")).toHaveAttribute("lang", "fr");
});

test("a language that loads while a code is opened does not replace what was found", async ({ page, installation }) => {
  const release = await hold(page, FORM_EN);
  await open(page, installation, "/fr/return");
  await page.fill("#receipt", UNKNOWN_CODE);
  await toEnglish(page);
  await page.locator("form[action$='/return'] .button:visible").first().click();
  await expect(page.locator(".aside[role=alert]")).toBeVisible();
  const loaded = page.waitForResponse("**/en/form-rest.json");
  release();
  await loaded;
  await page.waitForTimeout(500);
  await expect(page.locator(".aside[role=alert]")).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "fr");
});

/** What stops working in the browser. Each handler of a form uses it. */
const BREAKS = ["FormData", "URL", "DOMParser"] as const;

for (const name of BREAKS)
  test(`a form of the report whose handler fails is not sent in clear: ${name}`, async ({ page, installation }) => {
    await open(page, installation);
    await reachStory(page);
    const posted = recordPosts(page);
    await breakInPage(page, name);
    await page.click("button[value=review]:not(.enter)");
    await expect(page.locator(".wrong[role=alert]")).toContainText("Cela n’a pas fonctionné");
    await expect(story(page)).toHaveValue(STORY);
    await page.waitForTimeout(500);
    expect(posted).toEqual([]);
    expect(page.url()).toBe(`${installation.url}/fr/report`);
  });

test("a form of the return page whose handler fails is not sent in clear", async ({ page, installation }) => {
  await open(page, installation, "/fr/return");
  await page.fill("#receipt", UNKNOWN_CODE);
  const posted = recordPosts(page);
  await breakInPage(page, "URL");
  await page.locator("form[action$='/return'] .button:visible").first().click();
  await expect(page.locator(".wrong[role=alert]")).toContainText("Cela n’a pas fonctionné");
  await expect(page.locator("#receipt")).toHaveValue(UNKNOWN_CODE);
  await page.waitForTimeout(500);
  expect(posted).toEqual([]);
});

test("a report whose sending fails in the browser is not sent in clear, and can be sent again", async ({ page, installation }) => {
  await open(page, installation);
  await fillReport(page, { story: STORY });
  const posted = recordPosts(page);
  await page.evaluate(() => {
    const { Blob: Right } = globalThis;
    Object.assign(globalThis, { Right });
    globalThis.Blob = class { constructor() { throw new Error("broken"); } } as unknown as typeof Blob;
  });
  await page.locator(SEND_BUTTON).first().click();
  await expect(page.locator(".wrong[role=alert]")).toContainText("L’envoi a échoué");
  expect(posted).toEqual([]);
  await page.evaluate(() => void (globalThis.Blob = (globalThis as unknown as { Right: typeof Blob }).Right));
  await sendReport(page);
  expect(posted).toEqual(["/api/reports"]);
});

/** Makes each use of a constructor fail. */
async function breakInPage(page: Page, name: (typeof BREAKS)[number]): Promise<void> {
  await page.evaluate((global) => {
    Object.assign(globalThis, { [global]: class { constructor() { throw new Error("broken"); } } });
  }, name);
}

/** The ways to leave. The tests hold the ordinary page, so that the page of the form still runs. */
const LEAVING = {
  link: () => document.querySelector<HTMLElement>("a.leave")!.click(),
  escape: () => [1, 2, 3].forEach(() => document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }))),
};

for (const [how, leave] of Object.entries(LEAVING)) {
  test(`an exit while the report is sealed sends nothing: ${how}`, async ({ page, installation }) => {
    const release = await hold(page, "/leave");
    await open(page, installation);
    await fillReport(page, { story: STORY });
    const posted = recordPosts(page);
    // As soon as the page says that it seals.
    await page.evaluate(`(async () => {
      document.querySelector("form[action$='/report/send'] .buttons .button").click();
      while (!document.querySelector(".sending")) await new Promise((resolve) => setTimeout(resolve));
      (${String(leave)})();
    })()`);
    await page.waitForTimeout(4000);
    expect(posted).toEqual([]);
    release();
  });

  test(`an exit while an upload waits for the next attempt ends it: ${how}`, async ({ page, installation }) => {
    const release = await hold(page, "/leave");
    let attempts = 0;
    await page.route("**/api/reports", async (route) => {
      attempts += 1;
      await route.abort("connectionreset");
    });
    await open(page, installation);
    await fillReport(page, { story: STORY });
    await page.locator(SEND_BUTTON).first().click();
    await expect(page.locator(".sending .button")).toBeVisible();
    const before = attempts;
    await page.evaluate(`(${String(leave)})()`);
    await page.waitForTimeout(5000);
    expect(attempts).toBe(before);
    release();
  });
}

test("an exit while the report is uploaded aborts the request", async ({ page, installation }) => {
  const release = await hold(page, "/leave");
  let isSending: () => void = () => undefined;
  const sending = new Promise<void>((resolve) => (isSending = resolve));
  // The service does not answer.
  await page.route("**/api/reports", () => isSending());
  await open(page, installation);
  await fillReport(page, { story: STORY });
  await page.locator(SEND_BUTTON).first().click();
  await sending;
  const aborted = page.waitForEvent("requestfailed", { predicate: (request) => request.url().endsWith("/api/reports"), timeout: 2500 });
  await page.evaluate(`(${String(LEAVING.link)})()`);
  await aborted;
  release();
});

const draftPage = `${PANEL} #draft-words`;

/** Keeps a draft of the story and returns its words and its address. */
async function keepDraft(page: Page): Promise<{ words: string; address: string }> {
  await page.locator(`${PANEL} > summary`).click();
  await expect(page.locator(`${PANEL} .words li`).first()).toBeVisible();
  const words = (await page.locator(`${PANEL} .words li`).allInnerTexts()).join(" ");
  return { words, address: await page.locator("#draft-address").inputValue() };
}

/** Keeps a draft in one tab and opens its address in another. */
async function openDraftAddress(page: Page, installation: RunningInstallation): Promise<{ words: string; address: string; tab: Page }> {
  await open(page, installation);
  await reachStory(page);
  const draft = await keepDraft(page);
  const tab = await page.context().newPage();
  await tab.goto(draft.address);
  await waitForHydration(tab);
  await expect(tab.locator(draftPage)).toBeVisible();
  return { ...draft, tab };
}

test("a draft in the address leaves it when the reporter goes on without it, and Back offers it again", async ({ page, installation }) => {
  const { words, tab } = await openDraftAddress(page, installation);
  await tab.click("button[value='family.money']");
  expect(tab.url()).toBe(`${installation.url}/fr/report`);
  await tab.goBack();
  await expect(tab.locator("button[value='family.money']")).toBeVisible();
  expect(tab.url()).toBe(`${installation.url}/fr/report`);
  await toEnglish(tab);
  await expect(tab.locator("html")).toHaveAttribute("lang", "en");
  await tab.fill(draftPage, words);
  await tab.locator(`${PANEL} .button`).click();
  await expect(story(tab)).toHaveValue(STORY);
});

test("after sending, and after an exit, no address of the tab contains a draft", async ({ page, installation }) => {
  const { address, tab } = await openDraftAddress(page, installation);
  await fillReport(tab, { story: STORY });
  await sendReport(tab);
  expect(tab.url()).not.toContain("#");
  const other = await page.context().newPage();
  await other.route("**/leave", (route) => route.fulfill({ body: "elsewhere", contentType: "text/html" }));
  await other.goto("about:blank");
  await other.goto(address);
  await waitForHydration(other);
  await other.locator("a.leave").click();
  await expect(other.locator("body")).toHaveText("elsewhere");
  expect(other.url()).not.toContain("#");
  await other.goBack();
  expect(other.url()).toBe("about:blank");
});

test("an address with a draft that is opened over a text loses neither", async ({ page, installation }) => {
  const { words, address, tab } = await openDraftAddress(page, installation);
  await tab.click("button[value='family.money']");
  await tab.click("button[value='category.FAC']");
  await story(tab).fill("Un autre récit.");
  const step = await tab.title();
  await tab.evaluate((fragment) => void (location.hash = fragment), new URL(address).hash);
  await expect(tab.locator(draftPage)).toBeVisible();
  await expect(story(tab)).toHaveValue("Un autre récit.");
  expect(await tab.title()).toBe(step);
  // The draft replaces the text only when the reporter opens it.
  await tab.fill(draftPage, words);
  await tab.locator(`${PANEL} .button`).click();
  await expect(story(tab)).toHaveValue(STORY);
  expect(tab.url()).toBe(`${installation.url}/fr/report`);
});

test("the link to the content of a page stays at the step of the form", async ({ page, installation }) => {
  await open(page, installation);
  await reachStory(page);
  await page.locator("a.skip").focus();
  await page.keyboard.press("Enter");
  await page.waitForTimeout(300);
  await expect(story(page)).toHaveValue(STORY);
  await page.click("button[value=review]:not(.enter)");
  await page.goBack();
  await expect(story(page)).toHaveValue(STORY);
});

test("one module that does not load keeps no other from loading", async ({ page, installation }) => {
  const loaded: string[] = [];
  page.on("requestfinished", (request) => loaded.push(new URL(request.url()).pathname.split(".")[0]!));
  await page.route("**/assets/voice.*.js", (route) => route.abort());
  await open(page, installation);
  await expect.poll(() => ["/assets/files", "/assets/draft", "/assets/qr"].filter((name) => !loaded.includes(name))).toEqual([]);
});

const hashOf = (text: string) => createHash("sha256").update(text).digest("base64url");
const nextForm = async (installation: RunningInstallation) => (await installation.fetchText(FORM_EN)).replace("</h1>", " 2</h1>");

/** Serves another content at an address. */
const serve = (page: Page, path: string, body: string) => page.route(`**${path}`, (route) => route.fulfill({ body, contentType: "application/json" }));

interface NextVersions {
  /** The manifest of a version with this form. */
  otherForm: string;
  form: string;
  /** The manifest of a version whose scripts have other addresses. */
  otherScripts: string;
}
const listed = new WeakMap<RunningInstallation, Promise<NextVersions>>();

/** Signs and lists the next versions of the program, once for an installation. */
function nextVersions(installation: RunningInstallation): Promise<NextVersions> {
  const list = async () => {
    const form = await nextForm(installation);
    const files = [
      await installation.signProgram((manifest) => {
        manifest.version = "0.9.1";
        manifest.files[FORM_EN] = hashOf(form);
      }),
      await installation.signProgram((manifest) => {
        manifest.version = "0.9.2";
        for (const path of Object.keys(manifest.files).filter((path) => path.endsWith(".js"))) {
          manifest.files[path.replace(/[0-9a-f]{16}/, "0123456789abcdef")] = manifest.files[path]!;
          delete manifest.files[path];
        }
      }),
    ];
    await installation.listPrograms(files);
    const [otherForm, otherScripts] = files.map((file) => readFileSync(file, "utf8"));
    return { form, otherForm: otherForm!, otherScripts: otherScripts! };
  };
  const versions = listed.get(installation) ?? list();
  listed.set(installation, versions);
  return versions;
}

test("an update of the service during a visit keeps the text, and the page says what to do", async ({ page, installation }) => {
  const { form, otherForm } = await nextVersions(installation);
  await open(page, installation);
  await reachStory(page);
  await serve(page, MANIFEST, otherForm);
  await serve(page, FORM_EN, form);
  await toEnglish(page);
  await expect(page.locator(".updated[role=alert]")).toContainText("Notre site vient d’être mis à jour");
  await expect(page.locator(".updated")).toContainText("Gardez un brouillon");
  await expect(page.locator(".altered")).toHaveCount(0);
  await expect(story(page)).toHaveValue(STORY);
  // A draft keeps the text while the page is loaded again.
  const { words, address } = await keepDraft(page);
  const again = await page.context().newPage();
  await again.goto(address);
  await waitForHydration(again);
  await again.fill(draftPage, words);
  await again.locator(`${PANEL} .button`).click();
  await expect(story(again)).toHaveValue(STORY);
  // What this page has loaded continues to work: the directory lists both versions.
  await page.click("button[value=review]:not(.enter)");
  await sendReport(page);
});

test("an update of the service before all scripts are loaded sends nothing, and keeps the text", async ({ page, installation }) => {
  const { otherScripts } = await nextVersions(installation);
  let isUpdated = false;
  await page.route("**/assets/seal.*.js", (route) => (isUpdated ? route.fulfill({ status: 404 }) : route.abort()));
  await page.route(`**${MANIFEST}`, (route) => (isUpdated ? route.fulfill({ body: otherScripts, contentType: "application/json" }) : route.continue()));
  await open(page, installation);
  await fillReport(page, { story: STORY });
  isUpdated = true;
  await expect(page.locator(".updated[role=alert]")).toBeVisible({ timeout: 20_000 });
  const posted = recordPosts(page);
  for (let times = 0; times < 2; times++) {
    await page.locator(SEND_BUTTON).first().click();
    await expect(page.locator(".updated[role=alert]")).toBeFocused();
    await expect(page.locator(".waiting")).toHaveCount(0);
  }
  await expect(page.locator("dl.given")).toContainText(STORY);
  await expect(page.locator(".altered")).toHaveCount(0);
  expect(posted).toEqual([]);
});

test("a page of the version before is loaded again, and warns if that changes nothing", async ({ page, installation }) => {
  const { otherScripts } = await nextVersions(installation);
  await serve(page, MANIFEST, otherScripts);
  await page.goto(`${installation.url}/fr/return`);
  await expect(page.locator(".updated[role=alert]")).toContainText("rechargez cette page");
  const posted = recordPosts(page);
  await page.fill("#receipt", UNKNOWN_CODE);
  await page.locator("form[action$='/return'] .button:visible").first().click();
  await expect(page.locator(".updated[role=alert]")).toBeFocused();
  await expect(page.locator("#receipt")).toHaveValue(UNKNOWN_CODE);
  await expect(page.locator(".altered")).toHaveCount(0);
  expect(posted).toEqual([]);
  await page.reload();
  await expect(page.locator(".altered[role=alert]")).toBeVisible();
  await expect(page.locator("main form")).toHaveCount(0);
});

test("a form of a version that the directory does not list is no update: the page warns", async ({ page, installation }) => {
  const form = await nextForm(installation);
  const file = await installation.signProgram((manifest) => {
    manifest.version = "0.9.3";
    manifest.files[FORM_EN] = hashOf(form);
  });
  await open(page, installation);
  await reachStory(page);
  await serve(page, MANIFEST, readFileSync(file, "utf8"));
  await serve(page, FORM_EN, form);
  await toEnglish(page);
  await expect(page.locator(".altered[role=alert]")).toBeVisible();
  await expect(page.locator("main form")).toHaveCount(0);
  await expect(page.locator(".updated")).toHaveCount(0);
});

test("an altered module that loads after the report was sent warns, and the code stays", async ({ page, installation }) => {
  // The other modules follow it.
  const release = await hold(page, "/assets/voice.*.js");
  let served = 0;
  await page.route("**/assets/qr.*.js", async (route) => {
    served += 1;
    const response = await route.fetch();
    await route.fulfill({ response, body: `${await response.text()}\n;` });
  });
  await open(page, installation);
  await fillReport(page, { story: STORY });
  const code = await sendReport(page);
  await expect(page.locator(".altered[role=alert]")).toBeVisible();
  const before = served;
  release();
  await expect.poll(() => served).toBeGreaterThan(before);
  await page.waitForTimeout(500);
  expect(await receiptCode(page)).toBe(code);
  // Back still asks to note it.
  await page.goBack();
  await expect(page.locator(".remind")).toBeVisible();
  expect(await receiptCode(page)).toBe(code);
});
