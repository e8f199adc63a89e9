// The form of a text on which the detection rules work, as at the intake
// (crates/intake/src/form/folded_text.rs): full-width and Arabic digits, spaces, dashes, invisible
// characters and letters that look like digits are written alike.

const IGNORED = /[\p{Default_Ignorable_Code_Point}\p{M}\u0640]/u;
const DASH = /\p{Dash}/u;
const SPACE = /[\p{White_Space}\u2800]/u;
const APOSTROPHE = /[’ʼʻ‘‛´`′]/u;
/** The signs of Latin-1 such as "º", and the ellipsis of a redaction. */
const UNCHANGED = /[\u00a1-\u00ff…]/u;
/** The zero of each script whose digits are folded: Arabic-Indic, Persian and N'Ko. */
const ZEROS = [0x660, 0x6f0, 0x7c0];

function foldCharacter(character: string): string {
  if (APOSTROPHE.test(character)) return "'";
  if (/[\n\r!-~]/.test(character)) return character;
  if (character === "،") return ",";
  if (character === "؛") return ";";
  if (IGNORED.test(character)) return "";
  if (DASH.test(character)) return "-";
  if (SPACE.test(character)) return " ";
  const code = character.codePointAt(0) ?? 0;
  const zero = ZEROS.find((first) => code >= first && code < first + 10);
  return zero === undefined ? character : String(code - zero);
}

/** Writes a run of letters and digits with digits only, if all its letters look like digits. */
const foldDigitLookalikes = (run: string): string =>
  /^[0-9OoIl]*$/.test(run) && (/[0-9]/.test(run) || /^[Oo]{2,}$/.test(run)) ? run.replace(/[Oo]/g, "0").replace(/[Il]/g, "1") : run;

export interface FoldedText {
  text: string;
  /** Returns the place in the original text of the characters from one place up to another. */
  original(from: number, to: number): [number, number];
}

/** Folds a text in composed form (NFC). */
export function foldText(original: string): FoldedText {
  let text = "";
  const starts: number[] = [];
  const ends: number[] = [];
  let start = 0;
  for (const character of original) {
    const end = start + character.length;
    for (const part of UNCHANGED.test(character) ? character : character.normalize("NFKC")) {
      const folded = foldCharacter(part);
      // An ignored character belongs to the character before it, as an accent does.
      if (folded === "" && ends.length > 0) ends[ends.length - 1] = end;
      text += folded;
      while (starts.length < text.length) {
        starts.push(start);
        ends.push(end);
      }
    }
    start = end;
  }
  text = text.replace(/[\p{Alphabetic}\p{N}]+/gu, foldDigitLookalikes);
  return {
    text,
    original(from, to) {
      const first = starts[from] ?? ends[from - 1] ?? 0;
      return [first, to > from ? (ends[to - 1] ?? first) : first];
    },
  };
}
