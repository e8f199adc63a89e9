// Posters and cards that `burkindi admin poster` writes: one sheet of paper each, complete, without
// remote resources, with a QR code that leads to the pages.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "./src/installation.ts";
import { LANGUAGES } from "./src/languages.ts";
import { readQrOf } from "./src/qr.ts";

const HOST = "signaler.douanes.example";
/** The address of an onion service, with a correct checksum. */
const ONION = "a4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4dwc6ad.onion";
const PHONE = "25 30 12 34";
/** Width and height of paper in millimetres. */
const PAPER = { a4: [210, 297], a3: [297, 420] } as const;
/** Points of PDF in a millimetre. */
const POINTS = 72 / 25.4;

let folder: string;
test.beforeAll(({ installation: { where } }) => {
  folder = mkdtempSync(join(tmpdir(), "poster-"));
  const example = readFileSync(fileURLToPath(new URL("../../deploy/config/intake.toml", import.meta.url)), "utf8");
  const config = join(folder, "intake.toml");
  writeFileSync(config, example.replace("[public]", `[public]\nonion_address = "${ONION}"`).replaceAll("80 00 11 02", PHONE));
  const files = ["--dir", join(where.folder, "admin"), "--intake-config", config, "--to", join(folder, "posters")];
  execFileSync(where.burkindi, ["admin", "poster", ...files, "--address", `https://${HOST}`]);
});
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Returns the sizes of the pages of a PDF in points. */
const pageSizes = (pdf: Buffer): number[][] =>
  [...pdf.toString("latin1").matchAll(/\/MediaBox\s*\[([\d. ]+)\]/g)].map((box) => box[1]!.trim().split(/\s+/).map(Number).slice(2));

for (const lang of LANGUAGES)
  for (const name of ["poster-a4", "poster-a3", "cards-a4"])
    test(`${name} in ${lang} is one complete sheet of paper`, async ({ page, installation: { where } }) => {
      const requested: string[] = [];
      page.on("request", (request) => requested.push(request.url()));
      const url = pathToFileURL(join(folder, "posters", `${name}-${lang}.html`)).href;
      const [width, height] = PAPER[name.endsWith("a3") ? "a3" : "a4"];
      const pixels = (millimetres: number) => Math.round((millimetres * 96) / 25.4);
      await page.setViewportSize({ width: pixels(width), height: pixels(height) });
      await page.emulateMedia({ media: "print" });
      await page.goto(url);
      expect(requested).toEqual([url]);
      await expect(page.locator("html")).toHaveAttribute("dir", lang === "ar" ? "rtl" : "ltr");
      const copies = name === "cards-a4" ? 8 : 1;
      await expect(page.locator(".address")).toHaveText(Array<string>(copies).fill(HOST));
      await expect(page.locator(".onion")).toHaveText(Array<string>(copies).fill(ONION));
      await expect(page.locator(".words li")).toHaveCount(12 * copies);
      expect((await page.locator("main").innerText()).split(PHONE.replaceAll(" ", "\u00a0"))).toHaveLength(copies + 1);
      // The groups of the number are in one line, the first one on the left.
      const groups = await page.locator("b", { hasText: PHONE.slice(0, 2) }).first().evaluate((shown) => {
        const text = shown.firstChild as Text;
        return [0, 3, 6, 9].map((group) => {
          const range = document.createRange();
          const start = text.data.search(/25\D30/) + group;
          range.setStart(text, start);
          range.setEnd(text, start + 2);
          const { left, top } = range.getBoundingClientRect();
          return { left, top };
        });
      });
      expect(groups.every(({ left, top }, at) => at === 0 || (left > groups[at - 1]!.left && top === groups[0]!.top))).toBe(true);
      // The pages show the same words in this language.
      const words = await page.locator(".words").first().locator("li").allInnerTexts();
      const protect = await (await fetch(`${where.public}/${lang}/protect`)).text();
      expect(words).toEqual([...protect.match(/<ol class="words[^]*?<\/ol>/)![0].matchAll(/<li>([^<]+)<\/li>/g)].map((word) => word[1]));
      expect(await readQrOf(page, page.locator(".qr svg").first())).toBe(`https://${HOST}/${lang}`);
      // Nothing is cut off, and no text runs over the edge of its sheet or card.
      const cut = await page.locator(".sheet, .card").evaluateAll((sheets) =>
        sheets.flatMap((sheet) => {
          const edge = sheet.getBoundingClientRect();
          const outside = [...sheet.querySelectorAll("*")].filter((part) => {
            const { left, right, bottom } = part.getBoundingClientRect();
            return left < edge.left - 1 || right > edge.right + 1 || bottom > edge.bottom + 1;
          });
          return [...outside.map((part) => part.outerHTML.slice(0, 80)), ...(sheet.scrollHeight > sheet.clientHeight + 1 ? ["too high"] : [])];
        }),
      );
      expect(cut).toEqual([]);
      const pdf = await page.pdf({ preferCSSPageSize: true });
      const sizes = pageSizes(pdf);
      expect(sizes).toHaveLength(1);
      expect(Math.abs(sizes[0]![0]! - width * POINTS)).toBeLessThan(2);
      expect(Math.abs(sizes[0]![1]! - height * POINTS)).toBeLessThan(2);
      const looks = process.env["LOOKS"];
      if (looks) await page.screenshot({ path: join(looks, `${name}-${lang}.png`) });
    });

test("a page to print is never overwritten, and a fictitious number is never printed", async ({ installation: { where } }) => {
  const before = readdirSync(join(folder, "posters"));
  expect(before).toHaveLength(3 * LANGUAGES.length);
  const run = (config: string, to: string, address: string) => () =>
    execFileSync(where.burkindi, ["admin", "poster", "--dir", join(where.folder, "admin"), "--intake-config", config, "--to", join(folder, to), "--address", address], { stdio: "pipe" });
  const config = join(folder, "intake.toml");
  expect(run(config, "posters", `https://${HOST}`)).toThrow(/already exists/);
  expect(run(config, "other", `http://${HOST}`)).toThrow(/expected https/);
  const example = fileURLToPath(new URL("../../deploy/config/intake.toml", import.meta.url));
  expect(run(example, "other", `https://${HOST}`)).toThrow(/a number that no one answers/);
  expect(readdirSync(folder).sort()).toEqual(["intake.toml", "posters"]);
});
