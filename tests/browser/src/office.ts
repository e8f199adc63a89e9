// An installation that is running, and its investigators' command line.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
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

/** A row of the queue, as far as tests look at it. */
export interface QueueRow {
  id: string;
  lang: string;
  state: { stage: string; assignee: string | null };
}

const root = fileURLToPath(new URL("../../..", import.meta.url));
const WAIT_TIMEOUT_MS = 60_000;

/** A whole installation: intake, case handler, and five people with their own folders. */
export class RunningInstallation {
  /** How many days the case handler is ahead of the machine's clock. */
  daysOn = 0;

  private constructor(
    readonly where: InstallationInfo,
    private readonly child: ChildProcess,
    private readonly said: AsyncIterator<string>,
  ) {}

  /** Starts it; the folder of the built programs comes from PROGRAMS. */
  static async open(): Promise<RunningInstallation> {
    const programs = process.env["PROGRAMS"];
    if (!programs) throw new Error("PROGRAMS names the folder of the built programs, such as target/debug");
    const child = spawn(`${programs}/installation`, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
    const ended = new Promise<never>((_, reject) =>
      child.once("exit", (code) => reject(new Error(`the installation ended with ${code}`))),
    );
    ended.catch(() => undefined);
    const said = createInterface(child.stdout)[Symbol.asyncIterator]();
    const line = await Promise.race([said.next(), ended]);
    return new RunningInstallation(JSON.parse(line.value as string) as InstallationInfo, child, said);
  }

  /** Takes the case handler so many days on from today; workbenches that are opened from then on go along, commands do not. */
  async advanceDays(days: number): Promise<void> {
    this.daysOn = days;
    this.child.stdin?.write(`${days}\n`);
    const { done } = await this.said.next();
    if (done) throw new Error(`the installation did not reach the day in ${days} days`);
  }

  /** Ends it, and waits until it has ended. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stdin?.end();
    await ended;
  }

  /** Where reporters go. */
  get url(): string {
    return this.where.public;
  }

  /** The folder of one of the people. */
  home(handle: string): string {
    const person = this.where.people.find((one) => one.handle === handle);
    if (!person) throw new Error(`nobody is called ${handle}`);
    return person.home;
  }

  /** A command of `burkindi` as one of the people, and its JSON. */
  runAs(handle: string, ...command: string[]): unknown {
    return this.run(this.home(handle), command);
  }

  /** Gives somebody new keys, which the next directory names; their folder keeps the old ones. */
  replaceKey(handle: string): void {
    const { folder, handler } = this.where;
    const [home, admin, request] = [`${folder}/new-${handle}`, `${folder}/admin`, `${folder}/new-${handle}.json`];
    const root = (number: number) => ["--root", `${admin}/roots/root-${number}.age`];
    this.run(home, ["key", "new", "--handle", handle, "--out", request]);
    const run = (command: string[], passphrases?: string[]) => this.run(home, ["admin", ...command], passphrases);
    run(["member", "add", "--replace", "--dir", admin, "--request", request, "--languages", "fr,en"]);
    run(["directory", "sign", "--dir", admin, ...root(1), ...root(2)], this.where.roots.slice(0, 2));
    run(["directory", "publish", "--dir", admin, "--handler", handler, "--ca", `${admin}/tls/ca.pem`]);
  }

  /** Runs a command with the passphrases that it asks for, by default twice that of every person's key. */
  private run(home: string, command: string[], passphrases = Array<string>(2).fill(this.where.passphrase)): unknown {
    if (this.daysOn > 0) throw new Error("commands go by the machine's clock, which is behind the case handler's by now");
    const options = ["--home", home, "--json", "--passphrase-fd", "0"];
    const input = passphrases.map((passphrase) => `${passphrase}\n`).join("");
    const said = execFileSync(this.where.burkindi, [...options, ...command], { input, encoding: "utf8" });
    return said === "" ? null : JSON.parse(said);
  }

  /** The cases that a person can see. */
  queue(handle: string): QueueRow[] {
    return (this.runAs(handle, "queue", "--all") as { cases: QueueRow[] }).cases;
  }

  /** Does something that files reports, and gives the cases that came of it, once `count` have. */
  async waitForNewCases(handle: string, count: number, filing: () => Promise<void>): Promise<QueueRow[]> {
    const before = new Set(this.queue(handle).map((row) => row.id));
    await filing();
    return waitUntil(() => {
      const fresh = this.queue(handle).filter((row) => !before.has(row.id));
      return fresh.length >= count ? fresh : undefined;
    });
  }
}

/** Asks again and again until there is an answer. */
export async function waitUntil<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const end = Date.now() + WAIT_TIMEOUT_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`nothing came within ${WAIT_TIMEOUT_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Playwright's test, with one installation for all tests of a worker. */
export const test = base.extend<object, { office: RunningInstallation }>({
  office: [
    async ({}, use) => {
      const office = await RunningInstallation.open();
      await use(office);
      await office.close();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

export { expect } from "@playwright/test";
