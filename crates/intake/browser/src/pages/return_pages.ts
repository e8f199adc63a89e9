// Coming back with a receipt, in the browser alone: the mailbox is opened here, and messages are sealed here.
import { random } from "../bytes.ts";
import type { Directory } from "../directory.ts";
import { sealFollowUp } from "../follow_up.ts";
import { type Finding, type Inbox, type Message, openInbox } from "../inbox.ts";
import { Receipt } from "../receipt.ts";
import { TooLarge } from "../submission.ts";
import { all, complain, make, one, show, targetOf } from "./dom.ts";
import { type Kit, count, dayInWords, fetchKit, isoWeek, say, weekInWords } from "./kit.ts";
import { Stopped, send } from "./sending.ts";
import { fetchAllWords, fetchMailbox, sources } from "./service.ts";

export class ReturnPages {
  private receipt: Receipt | undefined;
  private inbox: Inbox | undefined;
  private token = random(32);
  private busy = false;

  constructor(
    private kit: Kit,
    private readonly directory: Directory,
  ) {
    addEventListener("beforeunload", (event) => {
      if (one<HTMLTextAreaElement>("#message")?.value.trim()) event.preventDefault();
    });
  }

  /** Takes over a form that was sent; false for one that is none of its own. */
  submit(form: HTMLFormElement, button: HTMLElement | null): boolean {
    const target = targetOf(form, button);
    const [, lang, page, last] = target.pathname.split("/");
    if (page !== "return") return false;
    if (this.busy) return true;
    if (lang !== this.kit.lang) void this.speak(lang!);
    else if (last === "send") void this.once(() => this.reply(form));
    else void this.once(() => this.open(form));
    return true;
  }

  leave(): void {
    const message = one<HTMLTextAreaElement>("#message");
    if (message) message.value = "";
    this.receipt = this.inbox = undefined;
  }

  private async once(work: () => Promise<void>): Promise<void> {
    this.busy = true;
    const buttons = all<HTMLButtonElement>("main button");
    buttons.forEach((button) => (button.disabled = true));
    try {
      await work();
    } catch (error) {
      if (error instanceof Stopped) return;
      const key = error instanceof TooLarge ? "send-too-large" : "send-failed";
      complain(this.kit, [{ target: "main", text: say(this.kit, key) }]);
    } finally {
      buttons.forEach((button) => (button.disabled = false));
      this.busy = false;
    }
  }

  private async speak(lang: string): Promise<void> {
    this.kit = await fetchKit(lang);
    if (this.inbox) this.showThread("thread");
    else show(this.kit, this.kit.pages["return"]!, "seal-here-return");
  }

  /** Reads the receipt that was typed, or looks again with the one that is known. */
  private async open(form: HTMLFormElement): Promise<void> {
    const typed = one<HTMLTextAreaElement>("textarea[name=receipt]", form)?.value;
    if (typed !== undefined) {
      try {
        this.receipt = Receipt.parse(typed, Receipt.isWords(typed) ? await fetchAllWords() : []);
      } catch {
        complain(this.kit, [{ target: "receipt", text: say(this.kit, "wrong-receipt") }]);
        return;
      }
    }
    if (await this.look()) this.showThread("thread");
    else show(this.kit, this.kit.pages["nothing"]!, "seal-here-return");
  }

  /** Is anything laid out under the receipt? What does not open is a decoy, or somebody else's. */
  private async look(): Promise<boolean> {
    const before = this.inbox;
    const sealed = await fetchMailbox(this.receipt!);
    this.inbox = await openInbox(this.receipt!, sealed).catch(() => undefined);
    // What was sent a moment ago may not have been collected.
    if (this.inbox && before?.case === this.inbox.case && before.sent.seq > this.inbox.sent.seq) this.inbox.sent = before.sent;
    return this.inbox !== undefined;
  }

  private async reply(form: HTMLFormElement): Promise<void> {
    const text = one<HTMLTextAreaElement>("#message", form)!.value.replace(/\r\n?/g, "\n").trim();
    const files = sources(one<HTMLInputElement>("input[type=file]", form));
    const askOversight = one<HTMLInputElement>("input[name=kind]", form)?.checked ?? false;
    if (text === "" && files.length === 0 && !askOversight) {
      complain(this.kit, [{ target: "message", text: say(this.kit, "wrong-message-missing") }]);
      return;
    }
    const { lang } = this.kit;
    const message = { text, lang, week: isoWeek(new Date()), askOversight, token: this.token, files };
    const { sealed, sent } = await sealFollowUp(this.directory, this.receipt!, this.inbox!, message);
    await send(this.kit, sealed, all(".buttons", form).at(-1)!);
    this.inbox!.sent = sent;
    this.token = random(32);
    this.showThread("sent");
  }

  private showThread(page: "thread" | "sent"): void {
    const { kit } = this;
    const inbox = this.inbox!;
    const { header } = inbox;
    show(kit, kit.pages[page]!, "seal-here-reply");
    const [stage, meaning] = kit.stages[header.stage] ?? [header.stage, ""];
    const state = [make("p", { class: "stage" }, stage), make("p", {}, meaning)];
    if (header.next !== null) {
      const next = say(kit, "thread-next", { day: dayInWords(kit, header.next) });
      state.push(make("p", {}, make("b", {}, next)));
    }
    if (header.with_oversight) state.push(make("p", {}, say(kit, "thread-outside")));
    const week = say(kit, "thread-week", { week: weekInWords(kit, header.week) });
    state.push(make("p", { class: "hint" }, `${count(kit, "thread-received", header.received)} ${week}`));
    one(".state")?.replaceChildren(...state);
    this.showMessages(inbox.messages);
    const findings = inbox.findings.map((finding) => make("p", { class: "careful", role: "alert" }, this.told(finding)));
    one("h1")?.before(...findings);
    if (header.with_oversight) one("input[name=kind]")?.closest(".q")?.remove();
    // A key that nobody vouched for may be anybody's.
    if (!inbox.canWrite) all("form[action$='/return/send']").forEach((form) => form.remove());
  }

  private showMessages(messages: Message[]): void {
    if (messages.length === 0) return;
    const item = ({ week, lang, text }: Message) =>
      make(
        "li",
        {},
        make("p", { class: "hint" }, weekInWords(this.kit, week)),
        make("p", { class: "story", lang, dir: "auto" }, text),
      );
    const list = make("ol", { class: "messages" }, ...messages.map(item));
    // The page says that there is none, right behind the heading.
    one(".state ~ h2 + p")?.replaceWith(list);
  }

  private told(finding: Finding): string {
    switch (finding.kind) {
      case "forged":
        return say(this.kit, "finding-forged");
      case "wrong-key":
        return say(this.kit, "finding-wrong-key");
      case "earlier-not-shown":
        return count(this.kit, "finding-earlier", finding.count);
      case "withheld":
        return count(this.kit, "finding-withheld", finding.count);
    }
  }
}
