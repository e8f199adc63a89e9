// The form of the server, in a browser without scripts.
import { expect, test, waitUntil } from "./src/installation.ts";
import { readQr } from "./src/qr.ts";

test.use({ javaScriptEnabled: false });

/** Story and reply in each language. */
const ENTERED_ANSWERS = {
  fr: { story: "Au poste, l’agent garde mes papiers jusqu’à ce que je paie.", answer: "Merci. À quel poste était-ce ?", digits: "0123456789" },
  ar: { story: "في المركز يحتفظ العون بأوراقي حتى أدفع.", answer: "شكراً. في أي مركز كان ذلك؟", digits: "٠١٢٣٤٥٦٧٨٩" },
};

for (const [lang, { story: STORY, answer: ANSWER, digits }] of Object.entries(ENTERED_ANSWERS)) test(`a report goes all the way and back without a script: ${lang}`, async ({ page, installation }) => {
  let code = "";
  const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
    await page.goto(`${installation.url}/${lang}/report`);
    await page.click("button[value='family.money']");
    await page.click("button[value='category.FAC']");
    await page.fill("[name='a.story']", STORY);
    await page.click("button[value=review]:not(.enter)");
    await expect(page.getByText(STORY)).toBeVisible();
    const photo = { name: "photo.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(100_000, 7) };
    await page.setInputFiles("input[type=file]", photo);
    await page.locator("#f .button:visible").first().click();
    code = (await page.locator(".code").first().innerText()).replaceAll(/\s+/g, " ").trim();
    expect(await readQr(page)).toBe(code.replaceAll(" ", "-"));
  });
  expect(code).toMatch(/^[0-9A-Z]{4}( [0-9A-Z]{4}){6}$/);

  installation.runAs("inspector-1", "claim", row!.id);
  const shown = installation.runAs("inspector-1", "show", row!.id) as { report: { story: string } };
  expect(shown.report.story).toBe(STORY);
  installation.runAs("inspector-1", "reply", row!.id, "--text", ANSWER);

  await waitUntil(async () => {
    await page.goto(`${installation.url}/${lang}/return`);
    await page.fill("[name=receipt]", code.toLowerCase().replaceAll(/\d/g, (digit) => digits[Number(digit)]!));
    await page.locator("main .button:visible").first().click();
    return (await page.getByText(ANSWER).count()) > 0 ? true : undefined;
  });
  expect(await page.context().cookies()).toEqual([]);
});
