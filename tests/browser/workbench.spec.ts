// The working day of three members, in the browser and on the command line, over real processes.
import type { Browser, Page } from "@playwright/test";
import { openMailbox, fillReport, storedBrowserData, sendReport } from "./src/reporting.ts";
import { RunningInstallation, expect, waitUntil } from "./src/installation.ts";
import { tabTo } from "./src/keyboard.ts";
import { test } from "./src/workbench.ts";

const [TRIAGER, LEAD, OUTSIDE] = ["inspector-2", "inspector-1", "outside-1"] as const;

// Each of these words describes the case; the number and the names could identify the reporter.
const STORY = "À Dakola, l’agent Ouédraogo a retenu mon camion 11 KJ 4521 trois jours et demandé 50 000 francs sans quittance.";
const ANSWER = "Depuis le mois de mars, à chaque passage.";
const QUESTION = "Merci. Depuis quand, et combien de fois ?";
const FEEDBACK = "Une mesure a été prise. Merci.";
const FACT = "Trois passages au registre, aucune quittance.";
const CONTENT_WORDS = ["Dakola", "Ouédraogo", "4521", "quittance", "mars", "Merci", "registre"];

/** The state of a case at the end of the day, without values that differ between runs. */
function exportedHistory(installation: RunningInstallation, id: string) {
  const shown = installation.runAs(LEAD, "show", id) as ShownCase;
  expect(shown.alarms).toEqual([]);
  const { stage, priority, disposition, assignee, released, conflict_free } = shown.state;
  return {
    state: { stage, priority, disposition, assignee, released, conflict_free },
    messages: shown.messages.map(({ direction, text }) => `${direction}: ${text}`),
    noted: shown.notes.map(({ by, kind, text }) => `${by}, ${kind}: ${text}`),
    done: shown.timeline.map(({ actor, what }) => `${actor} ${what}`),
  };
}

interface ShownCase {
  state: Record<string, unknown>;
  report?: { story: string };
  messages: { direction: string; text: string }[];
  notes: { by: string; kind: string; text: string }[];
  timeline: { actor: string; what: string }[];
  alarms: unknown[];
}

const EXPECTED_HISTORY = {
  state: {
    stage: "closed",
    priority: "P3",
    disposition: "substantiated",
    assignee: null,
    released: "reporter-asked",
    conflict_free: [TRIAGER, LEAD, OUTSIDE],
  },
  messages: [`out: ${QUESTION}`, `in: ${ANSWER}`, `out: ${FEEDBACK}`],
  noted: [`${TRIAGER}, fact: ${FACT}`],
  done: [
    "case-handler report received at desk Internal affairs, priority P3",
    `${TRIAGER} declared to have no conflict of interest`,
    `${TRIAGER} added a note`,
    `${TRIAGER} received → triaged`,
    `${TRIAGER} answered the reporter`,
    "case-handler the reporter sent something more",
    "case-handler the oversight body can read it: the reporter asked for it",
    `${LEAD} declared to have no conflict of interest`,
    `${LEAD} assigned the case to ${TRIAGER}`,
    `${TRIAGER} triaged → assessing`,
    `${LEAD} assessing → investigating`,
    `${OUTSIDE} declared to have no conflict of interest`,
    `${TRIAGER} investigating → decided`,
    `${TRIAGER} informed the reporter of what was or will be done`,
    `${TRIAGER} proposed to close it: substantiated (disciplinary measure)`,
    `${LEAD} approved the closing: substantiated (disciplinary measure)`,
  ],
};

/** A reporter submits the report. */
async function submitReport(page: Page, installation: RunningInstallation): Promise<{ receipt: string; id: string }> {
  let receipt = "";
  const [row] = await installation.waitForNewCases(TRIAGER, 1, async () => {
    await page.goto(`${installation.url}/fr/report`);
    await fillReport(page, { story: STORY });
    receipt = await sendReport(page);
  });
  return { receipt, id: row!.id };
}

/**
 * The reporter opens the mailbox, reads the question, answers it and asks for the oversight body.
 */
async function answerQuestion(page: Page, installation: RunningInstallation, receipt: string): Promise<void> {
  await waitUntil(async () => {
    await openMailbox(page, installation, "fr", receipt);
    return (await page.getByText(QUESTION).count()) > 0 ? true : undefined;
  });
  await page.fill("#message", ANSWER);
  await page.check("[name=kind][value=oversight-body]");
  await page.locator("form[action$='/return/send'] .button").click();
  // Identifying details are shown once; then the message is sent.
  if ((await page.locator(".traces").count()) > 0) await page.locator("form[action$='/return/send'] .button").click();
  await expect(page.locator(".done")).toBeVisible();
}

/** A reporter whose browser has no scripts. */
async function openReporterPage(browser: Browser): Promise<Page> {
  return (await browser.newContext({ javaScriptEnabled: false })).newPage();
}

let installation: RunningInstallation;
test.beforeAll(async () => {
  test.setTimeout(120_000);
  // A separate installation, so that the queues contain only these reports.
  installation = await RunningInstallation.open();
});
test.afterAll(() => installation?.close());

test("the working day of three members, in the browser", async ({ browser, openWorkbench }) => {
  const phone = await openReporterPage(browser);
  const triager = await openWorkbench(installation, TRIAGER);
  const lead = await openWorkbench(installation, LEAD, { locale: "en-GB" });
  const outside = await openWorkbench(installation, OUTSIDE, { colorScheme: "dark" });

  await test.step("the triager opens the link, which works only once", async () => {
    await triager.enter();
    await triager.unlock("a wrong passphrase");
    await expect(triager.page.locator(".wrong")).toHaveText("La phrase secrète est fausse. Personne ne peut la retrouver pour vous.");
    await triager.unlock();
    const unknownBrowser = await browser.newPage();
    expect((await unknownBrowser.goto(triager.link))?.status()).toBe(403);
    expect((await unknownBrowser.goto(triager.page.url()))?.status()).toBe(403);
    await unknownBrowser.close();
    await expect(triager.page.locator(".empty h2")).toHaveText("Vous n’avez aucun dossier");
  });

  const { receipt, id } = await submitReport(phone, installation);
  await outside.enter();
  await outside.unlock();
  await outside.queue("open");
  await expect(outside.row(id), "its access is sealed").toHaveCount(0);

  await test.step("must declare about a conflict of interest before any content is shown", async () => {
    const { page } = triager;
    await triager.queue("open");
    await triager.row(id).getByRole("link").click();
    const asked = page.url();
    for (const tab of ["", "/messages", "/notes", "/actions", "/timeline", "/related"]) {
      await page.goto(asked.replace(/\/declare$/, tab));
      expect(page.url()).toBe(asked);
    }
    const shown = await page.content();
    expect(CONTENT_WORDS.filter((word) => shown.includes(word))).toEqual([]);
    await page.goto(asked);
    await page.getByRole("button", { name: "Je n’ai pas de conflit d’intérêts : ouvrir" }).click();
    await expect(page.locator("#main .text")).toHaveText(STORY);
    await expect(page.locator(".exposed")).toContainText("Agissez comme si elle était exposée");
  });

  await test.step("writes a note, triages, and asks nothing that could expose the reporter", async () => {
    const { page } = triager;
    await triager.tab("notes");
    await page.fill("#text", FACT);
    await page.check("[name=kind][value=fact]");
    await page.getByRole("button", { name: "Ajouter" }).click();
    await expect(page.locator(".shelf.fact .text")).toHaveText(FACT);
    await triager.tab("actions");
    await triager.act("triage");
    await triager.tab("messages");
    await page.fill("#text", "Quel est votre nom ? L’agent Ouédraogo a-t-il vu le camion 11 KJ 4521 ?");
    await page.getByRole("button", { name: "Envoyer" }).click();
    await expect(page.locator("#write .wrong li")).toHaveText([/qui elle est/, /numéro/, /nom/]);
    await expect(page.locator(".messages .ours"), "it is held back").toHaveCount(0);
    await page.fill("#text", QUESTION);
    await page.getByRole("button", { name: "Vérifier à nouveau et envoyer" }).click();
    await expect(page.locator(".messages .ours .text")).toHaveText(QUESTION);
  });

  await answerQuestion(phone, installation, receipt);

  await test.step("the lead assigns the case to the triager, by keyboard alone", async () => {
    const { page } = lead;
    const { keyboard } = page;
    const press = async (selector: string) => {
      await tabTo(page, selector);
      await keyboard.press("Enter");
    };
    await lead.enter();
    await keyboard.type(installation.where.passphrase);
    await keyboard.press("Enter");
    await expect(page.locator(".empty h2")).toHaveText("You have no case", { timeout: 30_000 });
    await press(".empty .button");
    await expect(lead.row(id)).toBeVisible();
    await keyboard.press("j");
    await expect(lead.row(id).getByRole("link")).toBeFocused();
    await keyboard.press("Enter");
    await press("form[action$='/act/declare'] button");
    await expect(page.locator("#main .text")).toHaveText(STORY);
    await keyboard.press("4");
    await tabTo(page, "#to");
    await keyboard.type(TRIAGER);
    await press("form[action$='/act/assign'] button");
    await expect(page.locator(".strip")).toContainText(TRIAGER);
  });

  await test.step("the case is new in the queue of the triager, and the assessment begins", async () => {
    const { page } = triager;
    await triager.queue("unread");
    await triager.row(id).getByRole("link").click();
    await triager.tab("messages");
    await expect(page.locator(".messages .theirs .text")).toHaveText(ANSWER);
    await triager.tab("actions");
    await expect(page.locator("form[action$='/act/investigate']"), "that is the lead's").toHaveCount(0);
    await triager.act("assess");
  });

  await test.step("the lead opens the investigation, by keyboard alone", async () => {
    await lead.page.keyboard.press("4");
    await tabTo(lead.page, "form[action$='/act/investigate'] button");
    await lead.page.keyboard.press("Enter");
    await expect(lead.page.locator(".strip")).toContainText("investigating");
  });

  await test.step("the oversight body opens the case that the reporter released to it", async () => {
    const { page } = outside;
    await outside.queue("open");
    await outside.row(id).getByRole("link").click();
    await page.locator("form[action$='/act/declare'] button").click();
    await expect(page.locator("#main .text")).toHaveText(STORY);
    await expect(page.locator(".strip")).toContainText("la personne l’a demandé");
    await outside.tab("messages");
    await expect(page.locator(".messages .text")).toHaveText([QUESTION, ANSWER]);
  });

  await test.step("the triager decides, informs the reporter, and cannot close alone", async () => {
    const { page } = triager;
    await triager.tab("actions");
    await triager.act("decide");
    await triager.tab("messages");
    await page.fill("#text", FEEDBACK);
    await page.check("[name=purpose][value=feedback]");
    await page.getByRole("button", { name: "Envoyer" }).click();
    await expect(page.locator(".messages .ours .text")).toHaveText([QUESTION, FEEDBACK]);
    await triager.tab("actions");
    await triager.act("propose-close", { ending: "substantiated/disciplinary" });
    await expect(page.locator("main .answer")).toContainText("Une autre personne doit approuver.");
    await expect(page.locator("form[action$='/act/approve-close']")).toHaveCount(0);
    // A form that the page does not offer is refused too.
    await page.locator("form[action$='/act/withdraw']").evaluate((form: HTMLFormElement) => {
      form.action = form.action.replace("withdraw", "approve-close");
      form.requestSubmit();
    });
    await expect(page.locator("h1")).toHaveText("Ce n’est pas permis maintenant");
  });

  await test.step("the lead approves, by keyboard alone", async () => {
    await lead.page.keyboard.press("4");
    await tabTo(lead.page, "form[action$='/act/approve-close'] button");
    await lead.page.keyboard.press("Enter");
    await expect(lead.page.locator(".strip")).toContainText("closed substantiated");
  });

  expect(exportedHistory(installation, id)).toEqual(EXPECTED_HISTORY);
  for (const { page, history } of [triager, lead, outside]) {
    expect(history.filter((kept) => CONTENT_WORDS.some((word) => decodeURIComponent(kept).includes(word)))).toEqual([]);
    const { history: state, ...left } = (await storedBrowserData(page)) as Record<string, unknown>;
    expect(state).toBe("null");
    expect(left).toEqual({ cookies: "", local: {}, session: {}, databases: [], caches: [], workers: 0 });
  }
  await phone.context().close();
});

test("the same day on the command line ends in the same state", async ({ browser }) => {
  const phone = await openReporterPage(browser);
  const { receipt, id } = await submitReport(phone, installation);
  const as = (handle: string, ...command: string[]) => installation.runAs(handle, ...command) as ShownCase;
  const refused = (handle: string, ...command: string[]) => expect(() => as(handle, ...command), command.join(" ")).toThrow();

  expect(installation.queue(OUTSIDE).filter((row) => row.id === id)).toEqual([]);
  expect(as(TRIAGER, "show", id).report).toBeUndefined();
  as(TRIAGER, "declare", id);
  expect(as(TRIAGER, "show", id).report?.story).toBe(STORY);
  as(TRIAGER, "note", id, "--kind", "fact", "--text", FACT);
  as(TRIAGER, "move", id, "triaged");
  refused(TRIAGER, "reply", id, "--text", "Quel est votre nom ? L’agent Ouédraogo a-t-il vu le camion 11 KJ 4521 ?");
  as(TRIAGER, "reply", id, "--text", QUESTION);
  await answerQuestion(phone, installation, receipt);

  await waitUntil(() => (installation.queue(OUTSIDE).some((row) => row.id === id) ? true : undefined));
  as(LEAD, "declare", id);
  as(LEAD, "assign", id, "--to", TRIAGER);
  refused(TRIAGER, "move", id, "assessing");
  // No action is signed while a message of the reporter is unread.
  expect(as(TRIAGER, "show", id).messages).toHaveLength(2);
  as(TRIAGER, "move", id, "assessing");
  refused(TRIAGER, "move", id, "investigating");
  as(LEAD, "move", id, "investigating");
  as(OUTSIDE, "declare", id);
  expect(as(OUTSIDE, "show", id).report?.story).toBe(STORY);
  as(TRIAGER, "move", id, "decided");
  as(TRIAGER, "reply", id, "--feedback", "--text", FEEDBACK);
  const closing = ["close", "substantiated", "--reason", "disciplinary"];
  as(TRIAGER, "propose", id, ...closing);
  refused(TRIAGER, "approve", id, ...closing);
  refused(LEAD, "approve", id, "close", "substantiated", "--reason", "recovery");
  as(LEAD, "approve", id, ...closing);

  expect(exportedHistory(installation, id)).toEqual(EXPECTED_HISTORY);
  as(OUTSIDE, "audit", "verify");
  await phone.context().close();
});
