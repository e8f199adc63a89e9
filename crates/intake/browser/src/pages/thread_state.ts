// What the page of a conversation says about the state of the report, and about faults.
import type { InboxFinding, ReporterInbox } from "../inbox.ts";
import type { LogView } from "../log.ts";
import { createElement } from "./dom.ts";
import { type OfflineForm, formatDay, formatWeek, nextUpdateInWords, translate, translateCount } from "./offline_form.ts";

/** Returns the stage of the case, and what else is known of it. */
export function stateLines(offlineForm: OfflineForm, inbox: ReporterInbox): HTMLElement[] {
  const { header } = inbox;
  const state = stageLines(offlineForm, header.unreadable ? "unreadable" : header.stage);
  if (header.next_update !== null) {
    state.push(createElement("p", {}, createElement("b", {}, nextUpdateInWords(offlineForm, header.next_update))));
  }
  const outside = header.released_to_oversight ? "thread-outside" : "thread-outside-asked";
  if (header.released_to_oversight || header.oversight_asked) state.push(createElement("p", {}, translate(offlineForm, outside)));
  state.push(createElement("p", {}, readText(offlineForm, inbox.readUpTo)));
  const log = inbox.log === null ? null : logText(offlineForm, inbox.log);
  if (log !== null) state.push(createElement("p", {}, log));
  const week = translate(offlineForm, "thread-week", { week: formatWeek(offlineForm, header.week) });
  return [...state, createElement("p", { class: "hint" }, `${translateCount(offlineForm, "thread-received", header.received)} ${week}`)];
}

/** Returns the warnings about faults of the mailbox and the log. */
export function findingTexts(offlineForm: OfflineForm, { findings, log }: ReporterInbox): string[] {
  const texts = findings.map((finding) => findingText(offlineForm, finding));
  const key = log === null ? null : logFindingKey(log);
  return key === null ? texts : [...texts, translate(offlineForm, key)];
}

/** Returns the key of the warning about the log, or null if there is none. */
function logFindingKey({ report, newestMessage }: LogView): string | null {
  if (report.kind === "wrong" || newestMessage?.kind === "wrong") return "finding-log-wrong";
  if (report.kind === "missing") return "finding-log-missing";
  return newestMessage?.kind === "missing" ? "finding-log-message-missing" : null;
}

/** Returns the stage, its number among the usual ones, and what follows. */
function stageLines(offlineForm: OfflineForm, stage: string): HTMLElement[] {
  const { stages, usual_stages } = offlineForm;
  const [name, meaning, next] = stages[stage] ?? [stage, "", ""];
  const lines: HTMLElement[] = [createElement("p", { class: "stage" }, name), createElement("p", {}, `${meaning} ${next}`)];
  const at = usual_stages.indexOf(stage);
  if (at < 0) return lines;
  const steps = usual_stages.map((usual) => createElement("li", usual === stage ? { "aria-current": "step" } : {}, stages[usual]![0]));
  lines.splice(1, 0, createElement("ol", { class: "steps" }, ...steps));
  return [createElement("p", { class: "step" }, translate(offlineForm, "thread-step", { count: at + 1 })), ...lines];
}

/** Returns up to which submission a person has read, the report included. */
function readText(offlineForm: OfflineForm, readUpTo: number | null): string {
  if (readUpTo === null) return translate(offlineForm, "thread-unread");
  return translateCount(offlineForm, "thread-read", readUpTo + 1);
}

/** Returns what the log shows about the submissions that it contains. */
function logText(offlineForm: OfflineForm, { report, newestMessage }: LogView): string | null {
  if (report.kind === "missing" || report.kind === "wrong") return null;
  const day = report.kind === "countersigned" ? { day: formatDay(offlineForm, report.day) } : {};
  const text = translate(offlineForm, `thread-log-${report.kind}`, day);
  switch (newestMessage?.kind) {
    case "countersigned":
    case "logged":
      return `${text} ${translate(offlineForm, "thread-log-message")}`;
    case "waiting":
      return `${text} ${translate(offlineForm, "thread-log-message-waiting")}`;
    default:
      return text;
  }
}

function findingText(offlineForm: OfflineForm, finding: InboxFinding): string {
  switch (finding.kind) {
    case "forged":
      return translate(offlineForm, "finding-forged");
    case "wrong-key":
      return translate(offlineForm, "finding-wrong-key");
    case "unconfirmed-rotation":
      return translate(offlineForm, "finding-unconfirmed");
    case "older-state":
      return translate(offlineForm, "finding-older-state");
    case "sequence-conflict":
      return translate(offlineForm, "finding-sequence");
    case "earlier-not-shown":
      return translateCount(offlineForm, "finding-earlier", finding.count);
    case "unseen-not-shown":
      return translateCount(offlineForm, "finding-unseen", finding.count);
    case "missing-submissions":
      return translateCount(offlineForm, "finding-missing", finding.count);
    case "surplus-submissions":
      return translate(offlineForm, "finding-surplus");
    case "withheld":
      return translateCount(offlineForm, "finding-withheld", finding.count);
  }
}
