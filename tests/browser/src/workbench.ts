// An investigator who uses the workbench: the program that serves it, and the authenticated
// browser.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Browser, type BrowserContextOptions, type Page, expect, test as base } from "@playwright/test";
import type { RunningInstallation } from "./installation.ts";

const BROWSER_CONTEXT: BrowserContextOptions = { locale: "fr-FR", viewport: { width: 1280, height: 800 } };

/** Options of the browser, and flags for the program. */
type WorkbenchOptions = BrowserContextOptions & { flags?: string[] };

export class Workbench {
  /**
   * Every address and title that the browser could store in its history, and every address that it
   * requested.
   */
  readonly history: string[] = [];

  private constructor(
    readonly page: Page,
    readonly link: string,
    private readonly child: ChildProcess,
    private readonly passphrase: string,
  ) {
    page.on("request", (request) => this.history.push(request.url()));
    page.on("load", async () => this.history.push(page.url(), await page.title().catch(() => "")));
  }

  /** Starts the program in a member's folder and reads the link from the terminal. */
  static async open(installation: RunningInstallation, browser: Browser, home: string, { flags = [], ...options }: WorkbenchOptions = {}): Promise<Workbench> {
    const [program, ...command] =
      installation.daysOn > 0
        ? [installation.where.later, String(installation.daysOn), "workbench", home]
        : [installation.where.burkindi, "--home", home, "serve", ...flags];
    const child = spawn(program, command, { stdio: ["pipe", "pipe", "ignore"] });
    const terminal = createInterface(child.stdout);
    const link = await new Promise<string>((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`the workbench ended with ${code}`)));
      terminal.on("line", (line) => /^http:\/\/127\.0\.0\.1:\d+\/open\/\S+$/.test(line) && resolve(line));
    });
    const context = await browser.newContext({ ...BROWSER_CONTEXT, ...options });
    return new Workbench(await context.newPage(), link, child, installation.where.passphrase);
  }

  /** Opens the link, which leads to the locked workbench. */
  async enter(): Promise<void> {
    await this.page.goto(this.link);
    await expect(this.page.locator("#passphrase")).toBeFocused();
  }

  /**
   * Types the passphrase. Its hash is expensive, so this takes some time. A page that shows why the
   * sign-in failed has the address of the form: the right passphrase must leave it.
   */
  async unlock(passphrase = this.passphrase): Promise<void> {
    await this.page.locator("#passphrase").fill(passphrase);
    await this.page.keyboard.press("Enter");
    await expect(this.page.locator(".who, .wrong")).toBeVisible({ timeout: 30_000 });
    if (passphrase === this.passphrase) await expect(this.page).not.toHaveURL(/\/unlock$/);
  }

  /** Opens a filter of the queue, such as `mine`. */
  async queue(part: string): Promise<void> {
    await this.page.locator(".ways a").first().click();
    await this.page.locator(`.tabs a[href$='/queue/${part}']`).click();
    await expect(this.page.locator(`.tabs a[href$='/queue/${part}'][aria-current]`)).toBeVisible();
  }

  /** The row of a case in the queue that is shown. */
  row(id: string) {
    return this.page.locator("tbody tr", { has: this.page.locator(`a[href$='/case/${id}']`) });
  }

  /** Opens a page of the case, such as `messages`. The empty name opens the report. */
  async tab(name: "" | "messages" | "notes" | "actions" | "related" | "timeline"): Promise<void> {
    const path = name === "" ? "" : `/${name}`;
    await this.page.locator(`.tabs a[href${name === "" ? "*='/case/'" : `$='${path}'`}]`).first().click();
    await expect(this.page.locator(".tabs [aria-current=page]")).toHaveAttribute("href", new RegExp(`/case/[^/]+${path}$`));
  }

  /** Takes an action that the page of the case offers. */
  async act(act: string, fields: Record<string, string> = {}): Promise<void> {
    const form = this.page.locator(`form[action$='/act/${act}']`);
    for (const [name, value] of Object.entries(fields)) await form.locator(`[name=${name}]`).selectOption(value);
    await form.locator("button").click();
    await expect(this.page.locator(".done")).toBeVisible();
  }

  /** Stops the program as Ctrl-C does, and closes the browser's session. */
  async close(): Promise<void> {
    await this.page.context().close();
    if (this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGINT");
    await ended;
  }
}

/** Opens a workbench as a member, or in any folder. */
type OpenWorkbench = (installation: RunningInstallation, who: string | { home: string }, options?: WorkbenchOptions) => Promise<Workbench>;

/** The `test` of Playwright with workbenches that end with the test, even if it fails. */
export const test = base.extend<{ openWorkbench: OpenWorkbench }>({
  openWorkbench: async ({ browser }, use) => {
    const opened: Workbench[] = [];
    await use(async (installation, who, options) => {
      const workbench = await Workbench.open(installation, browser, typeof who === "string" ? installation.home(who) : who.home, options);
      opened.push(workbench);
      return workbench;
    });
    for (const workbench of opened) await workbench.close();
  },
});
