// The messages of a conversation, with those of the reporter if the reporter opened an own copy.
import { text } from "../bytes.ts";
import { MalformedJsonError } from "../canonical.ts";
import { type FactsBody, parseFacts } from "../facts_body.ts";
import type { FrameKind, VerifiedFrame } from "../frame.ts";
import type { InboxMessage } from "../inbox.ts";
import type { ReportBody } from "../report_body.ts";
import { createElement, queryOne } from "./dom.ts";
import { type OfflineForm, formatWeek, translate } from "./offline_form.ts";

/**
 * Returns all messages, the oldest first. A message of the reporter follows the replies that the
 * reporter had seen, and the replies of an earlier week.
 */
export function mergeMessages(replies: readonly InboxMessage[], own: readonly VerifiedFrame[]): (InboxMessage | VerifiedFrame)[] {
  const merged: (InboxMessage | VerifiedFrame)[] = [];
  let next = 0;
  for (const message of own) {
    const { ack, week } = message.header;
    while (next < replies.length && ((ack !== null && replies[next]!.seq <= ack.seq) || replies[next]!.week < week)) merged.push(replies[next++]!);
    merged.push(message);
  }
  return [...merged, ...replies.slice(next)];
}

/** Shows the newest reply before the state, and the other messages below it, the newest first. */
export function showMessages(offlineForm: OfflineForm, replies: readonly InboxMessage[], own: readonly VerifiedFrame[] | undefined): void {
  const newest = replies.at(-1);
  if (newest) queryOne(".no-message")?.remove();
  const state = queryOne(".state");
  const list = (items: HTMLElement[]) => createElement("ol", { class: "messages" }, ...items);
  const heading = (key: string) => createElement("h2", {}, translate(offlineForm, key));
  if (newest) state?.before(createElement("section", { class: "newest" }, heading("thread-newest"), list([replyItem(offlineForm, newest, false)])));
  if (own) {
    const items = mergeMessages(replies, own).map((one) => ("header" in one ? ownItem(offlineForm, one) : replyItem(offlineForm, one, true)));
    queryOne("details.own-copy")?.before(heading("thread-all"), list(items.reverse()));
  } else if (replies.length > 1) {
    state?.after(heading("thread-older"), list(replies.slice(0, -1).map((one) => replyItem(offlineForm, one, false)).reverse()));
  }
}

function replyItem(offlineForm: OfflineForm, { week, lang, text: words }: InboxMessage, named: boolean): HTMLElement {
  const head = formatWeek(offlineForm, week);
  return item(named ? `${translate(offlineForm, "thread-from-team")} – ${head}` : head, {}, lang, [words]);
}

function ownItem(offlineForm: OfflineForm, { header, body }: VerifiedFrame): HTMLElement {
  const lines = ownLines(offlineForm, header.kind, body);
  if (header.attachments.length > 0) lines.push(translate(offlineForm, "thread-own-files", { what: header.attachments.map(({ name }) => name).join(", ") }));
  return item(`${translate(offlineForm, "thread-from-you")} – ${formatWeek(offlineForm, header.week)}`, { class: "own" }, header.lang, lines);
}

function item(head: string, attributes: Record<string, string>, lang: string, lines: string[]): HTMLElement {
  const shown = lines.filter((line) => line !== "").map((line) => createElement("p", { class: "story", lang, dir: "auto" }, line));
  return createElement("li", attributes, createElement("p", { class: "hint" }, head), ...shown);
}

/**
 * Returns what a message of the reporter contains. Facts in another form are shown as their text.
 */
function ownLines(offlineForm: OfflineForm, kind: FrameKind, body: Uint8Array): string[] {
  if (kind === "report") {
    const report = JSON.parse(text(body)) as ReportBody;
    return [...answerLines(offlineForm, report), report.story];
  }
  try {
    if (kind === "facts") return answerLines(offlineForm, parseFacts(body));
  } catch (error) {
    if (!(error instanceof MalformedJsonError)) throw error;
  }
  return [text(body)];
}

/** Returns the subject and the answers. An option that exists no more shows its id. */
function answerLines(offlineForm: OfflineForm, { category, answers }: FactsBody): string[] {
  const lines = Object.entries(answers).map(([id, answer]) => {
    const question = offlineForm.questions[id];
    const words = [answer].flat().map((one) => question?.options[one] ?? one);
    return `${question?.label ?? id} ${words.join(", ")}`;
  });
  return [offlineForm.categories[category]?.label ?? category, ...lines];
}
