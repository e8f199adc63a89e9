// The languages in which the shipped configuration, and so the installation of the tests, offers
// the pages.
import { readFileSync } from "node:fs";

const config = readFileSync(new URL("../../../deploy/config/intake.toml", import.meta.url), "utf8");
const [, names] = /\n\[branding\.administration\]\n((?:[a-z]{2} = .*\n)+)/.exec(config)!;

export const LANGUAGES: readonly string[] = names!.trim().split("\n").map((line) => line.slice(0, 2));
