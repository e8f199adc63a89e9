// The way to a report, in the browser alone: from "before you start" to the receipt.
import { concat, random, utf8 } from "../bytes.ts";
import type { Directory } from "../directory.ts";
import { type Filing, filing } from "../filing.ts";
import type { Receipt } from "../receipt.ts";
import { reportBytes, sealReport } from "../report.ts";
import { TooLarge } from "../submission.ts";
import { Answers, type Complaint, type Report, type Step } from "./answers.ts";
import { attachments, watchFiles } from "./attachments.ts";
import { ChosenFiles } from "./chosen.ts";
import { all, complain, make, one, sayWhoSeals, show, targetOf } from "./dom.ts";
import { type Kit, fetchKit, isoWeek, say } from "./kit.ts";
import { sayReaders } from "./readers.ts";
import { showReceipt } from "./receipt_page.ts";
import { Refused, Stopped, send } from "./sending.ts";
import { fetchWords } from "./service.ts";
import { type Stored, answerInWords } from "./stored.ts";
import { warningsOf } from "./warnings.ts";

export class ReportPages {
  private readonly answers = new Answers();
  private step: Step;
  /** Has the reporter left in a hurry? */
  private left = false;
  /** The sentence that says who seals. */
  private readonly sealing: string;
  /** Drawn once: sending the same again is the same report. */
  private readonly seed = random(32);
  private busy = false;
  private sent = false;
  /** Shown until the reporter confirms that it is noted: nobody else has it. */
  private receipt: Receipt | undefined;
  /** What was chosen on the review page, so that walking back and another language lose no file. */
  private readonly chosen = new ChosenFiles();
  /** Steps as they were walked; the history holds places in it and nothing else. */
  private readonly walked: Step[];

  constructor(
    private kit: Kit,
    private readonly directory: Directory,
  ) {
    const form = one<HTMLFormElement>("form#f")!;
    this.step = shownStep(form);
    this.walked = [this.step];
    this.answers.adopt(form);
    this.sealing = this.answers.hasChosen() ? "seal-here-text" : "seal-here";
    history.replaceState({ at: 0 }, "");
    addEventListener("popstate", (event) => this.goBack(event.state as { at?: number } | null));
    addEventListener("beforeunload", (event) => {
      if (this.isWorthKeeping()) event.preventDefault();
    });
    document.addEventListener("click", (event) => {
      if (this.receipt && (event.target as Element).closest("a.noted")) this.receipt = undefined;
    });
    watchFiles(() => this.kit);
    // The page stays as it is, with what is being typed into it.
    sayWhoSeals(kit, this.sealing);
  }

  /** Can this page still be taken over? What the server has read cannot be taken back, and is not to be called sealed here. */
  static canTakeOver(): boolean {
    const form = one<HTMLFormElement>("form#f");
    return form !== null && !Answers.hasBeenTold(form);
  }

  /** Takes over a form that was sent; false for one that is none of its own. */
  submit(form: HTMLFormElement, button: HTMLElement | null): boolean {
    const target = targetOf(form, button);
    const [, lang, page, last] = target.pathname.split("/");
    if (page !== "report") return false;
    if (this.busy || this.sent) return true;
    this.answers.take(form);
    const go = button?.getAttribute("name") === "go" ? button.getAttribute("value") : null;
    if (lang !== this.kit.lang) void this.speak(lang!);
    else if (last === "send" && go === null) void this.send(form);
    else this.walk(this.answers.advance(this.kit, go ?? "questions"), target.hash);
    return true;
  }

  /** Forgets everything; returns how many steps the history has of this page. */
  leave(): number {
    this.answers.forget();
    this.chosen.forget();
    this.receipt = undefined;
    this.left = this.sent = true;
    return (history.state as { at?: number } | null)?.at ?? 0;
  }

  private isWorthKeeping(): boolean {
    if (this.receipt) return true;
    if (this.sent) return false;
    const form = one<HTMLFormElement>("form#f");
    if (form) this.answers.take(form);
    this.chosen.take();
    return this.answers.hasText() || this.chosen.hasFiles();
  }

  private goBack(state: { at?: number } | null): void {
    if (this.busy || this.left) return;
    if (this.receipt) return this.remind();
    const form = one<HTMLFormElement>("form#f");
    if (form) this.answers.take(form);
    const step = this.sent ? undefined : this.walked[state?.at ?? 0];
    if (step === undefined) location.reload();
    else this.show(step);
  }

  /** Back does not take the receipt away; it asks for it to be noted. */
  private remind(): void {
    history.pushState({ at: this.walked.length - 1 }, "");
    const button = one<HTMLElement>("a.noted");
    one(".remind")?.remove();
    button?.parentElement?.before(make("p", { class: "careful remind", role: "alert" }, say(this.kit, "receipt-still")));
    button?.focus();
  }

  private walk(step: Step, hash = ""): void {
    this.walked.push(step);
    history.pushState({ at: this.walked.length - 1 }, "");
    this.show(step);
    if (hash !== "") one<HTMLElement>(hash)?.focus();
  }

  private async speak(lang: string): Promise<void> {
    this.kit = await fetchKit(lang);
    this.show(this.step);
  }

  private show(step: Step): void {
    this.chosen.take();
    if (step === "review") {
      const report = this.answers.report(this.kit);
      if (Array.isArray(report)) return this.showQuestions(report);
    }
    this.step = step;
    const { family, category } = this.answers;
    const name = step === "category" ? `family.${family}` : step === "questions" ? `category.${category}` : step;
    show(this.kit, this.kit.pages[name]!, this.sealing);
    if (step === "category") this.sortCategories();
    if (step === "questions") this.fill();
    if (step === "review") {
      this.fillReview();
      this.chosen.put();
    }
  }

  private showQuestions(wrong: Complaint[]): void {
    this.show("questions");
    const text = ({ question, problem, limit }: Complaint) =>
      problem === "missing"
        ? say(this.kit, "wrong-story-missing")
        : `${this.kit.questions[question]!.label} – ${say(this.kit, "wrong-long", { limit })}`;
    complain(
      this.kit,
      wrong.map((complaint) => ({ target: `q-${complaint.question}`, text: text(complaint) })),
    );
  }

  /** Those that this audience usually reports come first; none is left out. */
  private sortCategories(): void {
    const list = one("ul.cards");
    const usual = (card: Element) => {
      const go = one("button", card)?.getAttribute("value") ?? "";
      return this.kit.categories[go.replace("category.", "")]?.audience.includes(this.answers.audience) ?? false;
    };
    const cards = all("li:not(.unsure)", list!);
    const [first, rest] = [cards.filter(usual), cards.filter((card) => !usual(card))];
    list?.prepend(...first, ...rest);
  }

  private fill(): void {
    for (const field of all<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>("[name^='a.'], [name^='d.']")) {
      const values = this.answers.values(field.name);
      if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = values.includes(field.value);
      else field.value = values[0] ?? "";
      if (values.length > 0) field.closest("details.part, details")?.setAttribute("open", "");
    }
  }

  private fillReview(): void {
    const { kit, answers } = this;
    const category = kit.categories[answers.category]!;
    const audience = kit.audiences[answers.audience];
    const rows = [this.given(say(kit, "review-category"), [category.label], "family", "")];
    if (audience !== undefined) rows.push(this.given(say(kit, "review-audience"), [audience], "audience", ""));
    for (const id of category.questions) {
      const lines = answers.lines(kit, id);
      if (lines.length > 0) rows.push(this.given(kit.questions[id]!.label, lines, "questions", id));
    }
    one("dl.given")?.replaceChildren(...rows);
    this.warn();
    const report = answers.report(kit);
    if (!Array.isArray(report)) sayReaders(kit, this.directory, report);
    one(".danger")?.toggleAttribute("hidden", Array.isArray(report) || report.urgency !== "P1");
  }

  private warn(): void {
    const { kit } = this;
    one(".traces")?.remove();
    const pointed = this.answers.warnings(kit).map(({ trace, question, words }) => ({
      trace,
      words,
      // The page stays, with the files that were chosen on it.
      cover: () => {
        this.answers.cover(kit, trace, question);
        this.fillReview();
        (one<HTMLElement>(".traces button") ?? one<HTMLElement>("main"))?.focus();
      },
      beside: this.change("questions", question, say(kit, `guard-${trace}`)),
    }));
    if (pointed.length > 0) one("form#f")?.prepend(warningsOf(kit, pointed));
  }

  private change(go: string, id: string, label: string): HTMLElement {
    const words = say(this.kit, "change");
    const place = id === "" ? "" : `#q-${id}`;
    const formaction = `/${this.kit.lang}/report${place}`;
    const button = make("button", { class: "change", formaction, name: "go", value: go, "aria-label": `${words} – ${label}` });
    button.append(words);
    return button;
  }

  private given(label: string, lines: string[], go: string, id: string): HTMLElement {
    const story = this.kit.questions[id]?.kind === "longtext";
    const change = this.change(go, id, label);
    const said = make("dd", {}, ...lines.map((line) => make("p", story ? { class: "story", dir: "auto" } : { dir: "auto" }, line)));
    return make("div", {}, make("dt", {}, label), said, make("dd", {}, change));
  }

  private async send(form: HTMLFormElement): Promise<void> {
    const report = this.answers.report(this.kit);
    if (Array.isArray(report)) return this.showQuestions(report);
    this.busy = true;
    // Asked for while the report is on its way: the line may be gone afterwards.
    const words = fetchWords(this.kit.lang).catch(() => undefined);
    const buttons = all<HTMLButtonElement>("button");
    buttons.forEach((button) => (button.disabled = true));
    const place = all(".buttons", form).at(-1)!;
    try {
      const { receipt, stored } = await this.seal(report, form, place);
      this.answers.forget();
      this.chosen.forget();
      this.sent = true;
      this.receipt = receipt;
      void showReceipt(this.kit, this.sealing, receipt, words, answerInWords(this.kit, stored));
    } catch (error) {
      buttons.forEach((button) => (button.disabled = false));
      if (error instanceof Stopped) return;
      const key = error instanceof TooLarge ? "send-too-large" : "send-failed";
      complain(this.kit, [{ target: error instanceof TooLarge ? "files" : "main", text: say(this.kit, key) }]);
      if (!(error instanceof TooLarge || error instanceof Refused)) throw error;
    } finally {
      this.busy = false;
    }
  }

  private async seal(report: Report, form: HTMLFormElement, place: Element): Promise<{ receipt: Receipt; stored: Stored }> {
    const note = make("p", { class: "sending", role: "status" }, say(this.kit, "send-sealing"));
    place.after(note);
    // One turn for the browser to show it.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { lang } = this.kit;
    const filed = filing(this.seed, concat(utf8(lang), new Uint8Array(1), reportBytes(report.body)));
    const sealed = await this.sealed(report, filed, form).finally(() => note.remove());
    return { receipt: filed.receipt, stored: await send(this.kit, sealed, place) };
  }

  private async sealed(report: Report, filed: Filing, form: HTMLFormElement): Promise<Blob> {
    const files = await attachments(this.kit, form);
    // The reporter has been asked something.
    if (files === null) throw new Stopped();
    return sealReport(this.directory, filed, { ...report, lang: this.kit.lang, week: isoWeek(new Date()), files });
  }
}

/** The step that the server shows: whoever was faster than this script goes on from there. */
function shownStep(form: HTMLFormElement): Step {
  if (one("[name^='a.']", form)) return "questions";
  const steps: Step[] = ["category", "family", "audience"];
  return steps.find((step) => one(`button[value^='${step}.']`, form)) ?? "before";
}
