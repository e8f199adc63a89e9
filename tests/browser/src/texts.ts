// The texts of the pages by their keys, from the files that the programs embed. A sentence that a
// test repeats can change on the page, and then the test of its absence can no longer fail.
import { readFileSync } from "node:fs";

const DATA = new URL("../../../crates/locales/data/", import.meta.url);

/**
 * Returns a text of one line. Throws if the file has no such key. A reference to another key is
 * replaced by its text, and a variable by its value.
 */
export function textOf(lang: string, key: string, values: Record<string, string> = {}, file = "intake"): string {
  const found = new RegExp(`^${key} = (.+)$`, "m").exec(readFileSync(new URL(`${lang}/${file}.ftl`, DATA), "utf8"));
  if (!found) throw new Error(`${lang}/${file}.ftl has no text ${key} of one line`);
  return found[1]!.replaceAll(/\{ (\$?)([\w-]+) \}/g, (_, isVariable: string, name: string) => {
    if (isVariable === "") return textOf(lang, name, values, file);
    const value = values[name];
    if (value === undefined) throw new Error(`${key} needs a value for ${name}`);
    return value;
  });
}
