// A running installation, and the command line of its members.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { test as base } from "@playwright/test";

interface InstallationInfo {
  public: string;
  handler: string;
  folder: string;
  burkindi: string;
  later: string;
  passphrase: string;
  /** The passphrases of the root keys, in their order. */
  roots: string[];
  people: { handle: string; desk: string; home: string }[];
  log: { intake: string; "case-handler": string };
  pids: { intake: number; "case-handler": number };
}

/** A row of the queue, with the fields that tests read. */
export interface QueueRow {
  id: string;
  lang: string;
  state: { stage: string; assignee: string | null };
}

/** The manifest of the program of the pages. */
export interface ProgramManifest {
  files: Record<string, string>;
  version: string;
}

/** Returns a manifest whose files are in the order of their paths, as it is signed. */
const sorted = (manifest: ProgramManifest): ProgramManifest => ({
  ...manifest,
  files: Object.fromEntries(Object.entries(manifest.files).sort(([one], [other]) => (one < other ? -1 : 1))),
});

const root = fileURLToPath(new URL("../../..", import.meta.url));
const WAIT_TIMEOUT_MS = 60_000;

/** A complete installation: intake, case handler, and five members with their own folders. */
export class RunningInstallation {
  /** How many days the case handler is ahead of the machine's clock. */
  daysOn = 0;

  private constructor(
    readonly where: InstallationInfo,
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
  ) {}

  /** Starts an installation. PROGRAMS names the folder of the built programs. */
  static async open(): Promise<RunningInstallation> {
    const programs = process.env["PROGRAMS"];
    if (!programs) throw new Error("PROGRAMS names the folder of the built programs, such as target/debug");
    const child = spawn(`${programs}/installation`, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
    const ended = new Promise<never>((_, reject) =>
      child.once("exit", (code) => reject(new Error(`the installation ended with ${code}`))),
    );
    ended.catch(() => undefined);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const line = await Promise.race([lines.next(), ended]);
    return new RunningInstallation(JSON.parse(line.value as string) as InstallationInfo, child, lines);
  }

  /**
   * Sets the clock of the case handler to `days` days from today. Workbenches that start afterwards
   * use that date too; commands do not.
   */
  async advanceDays(days: number): Promise<void> {
    this.daysOn = days;
    this.child.stdin?.write(`${days}\n`);
    const { done } = await this.lines.next();
    if (done) throw new Error(`the installation did not advance by ${days} days`);
  }

  /** Stops the installation and waits until it has ended. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stdin?.end();
    await ended;
  }

  /** The address of the form. */
  get url(): string {
    return this.where.public;
  }

  /** Returns the folder of a member. */
  home(handle: string): string {
    const person = this.where.people.find((one) => one.handle === handle);
    if (!person) throw new Error(`there is no member ${handle}`);
    return person.home;
  }

  /** Runs a command of `burkindi` as a member and returns its JSON. */
  runAs(handle: string, ...command: string[]): unknown {
    return this.run(this.home(handle), command);
  }

  /**
   * Creates new keys for a member and publishes a directory with them. The folder of the member
   * keeps the old keys, so the member cannot sign in from it. Only for an installation of one file.
   */
  replaceKey(handle: string): void {
    const { folder, handler } = this.where;
    const { admin, roots } = this.roots();
    const [home, request] = [`${folder}/new-${handle}`, `${folder}/new-${handle}.json`];
    this.run(home, ["key", "new", "--handle", handle, "--out", request]);
    const run = (command: string[], passphrases?: string[]) => this.run(home, ["admin", ...command], passphrases);
    run(["member", "add", "--replace", "--dir", admin, "--request", request, "--languages", "fr,en"]);
    run(["directory", "sign", "--dir", admin, ...roots], this.where.roots.slice(0, 2));
    run(["directory", "publish", "--dir", admin, "--handler", handler, "--ca", `${admin}/tls/ca.pem`]);
  }

  /** Signs a changed manifest of the served program with root keys and returns its file. */
  async signProgram(change: (manifest: ProgramManifest) => void): Promise<string> {
    const served = JSON.parse(await this.fetchText("/.well-known/webcat/manifest.json")) as { manifest: ProgramManifest };
    change(served.manifest);
    const file = join(mkdtempSync(join(this.where.folder, "program-")), "program.json");
    writeFileSync(file, JSON.stringify({ ...served, manifest: sorted(served.manifest), root_signatures: [] }));
    const { admin, roots } = this.roots();
    this.run(admin, ["admin", "program", "sign", file, "--trust", `${admin}/trust.json`, ...roots], this.where.roots.slice(0, 2));
    return file;
  }

  /** Publishes a directory that lists signed manifests. Resolves once the intake serves it. */
  async listPrograms(files: readonly string[]): Promise<void> {
    const { admin, roots } = this.roots();
    const run = (command: string[], passphrases?: string[]) => this.run(admin, ["admin", ...command], passphrases);
    const before = await this.fetchText("/directory.json");
    for (const file of files) run(["program", "add", "--dir", admin, file]);
    run(["directory", "sign", "--dir", admin, ...roots], this.where.roots.slice(0, 2));
    run(["directory", "publish", "--dir", admin, "--handler", this.where.handler, "--ca", `${admin}/tls/ca.pem`]);
    await waitUntil(async () => ((await this.fetchText("/directory.json")) === before ? undefined : true));
  }

  /** Returns a public file of the intake. */
  async fetchText(path: string): Promise<string> {
    const read = async () => (await fetch(`${this.url}${path}`)).text();
    // A command blocks this process. Meanwhile the intake closes the connection that is not used.
    return read().catch(read);
  }

  /** The folder of the administration, and the options with two root keys. */
  private roots(): { admin: string; roots: string[] } {
    const admin = `${this.where.folder}/admin`;
    return { admin, roots: [1, 2].flatMap((number) => ["--root", `${admin}/roots/root-${number}.age`]) };
  }

  /**
   * Runs a command with the passphrases that it asks for; the default is the passphrase of every
   * member, twice.
   */
  private run(home: string, command: string[], passphrases = Array<string>(2).fill(this.where.passphrase)): unknown {
    if (this.daysOn > 0) throw new Error("commands use the clock of the machine, which is behind that of the case handler now");
    const options = ["--home", home, "--json", "--passphrase-fd", "0"];
    const input = passphrases.map((passphrase) => `${passphrase}\n`).join("");
    const output = execFileSync(this.where.burkindi, [...options, ...command], { input, encoding: "utf8" });
    return output === "" ? null : JSON.parse(output);
  }

  /** Returns the cases that a member can see. */
  queue(handle: string): QueueRow[] {
    return (this.runAs(handle, "queue", "--all") as { cases: QueueRow[] }).cases;
  }

  /** Runs a step that submits reports and returns the new cases once there are `count`. */
  async waitForNewCases(handle: string, count: number, filing: () => Promise<void>): Promise<QueueRow[]> {
    const before = new Set(this.queue(handle).map((row) => row.id));
    await filing();
    return waitUntil(() => {
      const fresh = this.queue(handle).filter((row) => !before.has(row.id));
      return fresh.length >= count ? fresh : undefined;
    });
  }
}

/** Calls `ask` until it returns a value. */
export async function waitUntil<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const end = Date.now() + WAIT_TIMEOUT_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`no result within ${WAIT_TIMEOUT_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** The `test` of Playwright with one installation for all tests of a worker. */
export const test = base.extend<object, { installation: RunningInstallation }>({
  installation: [
    async ({}, use) => {
      const installation = await RunningInstallation.open();
      await use(installation);
      await installation.close();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

export { expect } from "@playwright/test";
