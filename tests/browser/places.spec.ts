// The form suggests the places of the administration, and the desk reads one spelling of each.
import { expect, test } from "./src/installation.ts";
import { fillReport, sendReport, waitForHydration } from "./src/reporting.ts";

for (const scripts of [true, false]) {
  test.describe(scripts ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled: scripts });

    for (const [lang, typed, read] of [
      ["fr", "CINKANSE", "Cinkansé"],
      ["ar", "داكولا", "Dakola"],
      ["fr", "Marché de Pouytenga", "Marché de Pouytenga"],
    ] as const) {
      test(`${typed} in ${lang} is read as ${read}`, async ({ page, installation }) => {
        const story = `Récit de ${typed}.`;
        const [row] = await installation.waitForNewCases("inspector-1", 1, async () => {
          await page.goto(`${installation.url}/${lang}/report`);
          if (scripts) await waitForHydration(page);
          await page.click("button[value='family.money']");
          await page.click("button[value='category.FAC']");
          const list = await page.locator("[name='a.place']").getAttribute("list");
          const names = await page.locator(`#${list} option`).evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
          expect(names.length).toBeGreaterThan(20);
          expect(names.includes(typed)).toBe(lang === "ar");
          await page.goto(`${installation.url}/${lang}/report`);
          if (scripts) await waitForHydration(page);
          await fillReport(page, { story, place: typed });
          await sendReport(page);
        });
        installation.runAs("inspector-1", "claim", row!.id);
        const shown = JSON.stringify(installation.runAs("inspector-1", "show", row!.id));
        expect(shown).toContain(story);
        expect(shown).toContain(`"${read}"`);
      });
    }
  });
}
