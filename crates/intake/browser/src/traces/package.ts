// Office files (OOXML, OpenDocument): what becomes of each part of a package. Parts are known by their names and by the root of their
// XML. A part that no rule knows goes on as it came, and is told.
import { type Bytes, equal } from "../bytes.ts";
import { Names } from "./names.ts";
import { officeEnding, openDocumentEnding } from "./package_format.ts";
import { stripPicture } from "./pictures.ts";
import { type Finding, type Trace, add, asBytes, asText, nothing, rules, sign } from "./rules.ts";
import { rewriteXml } from "./xml.ts";
import { type Part, pack, readPackage, unpack, writePackage } from "./zip.ts";

/** All parts of a file may unpack to so many bytes together, */
const UNPACKED = 64 * 1024 * 1024;
/** and to so many further ones for each byte of the file: more than any document is packed by. */
const UNPACKED_FOR_EACH = 24;

interface Rule {
  starts?: string;
  has?: string;
  ends?: string[];
  is: string;
  tells?: Trace[];
  put?: string;
}

/** A part that no rule knows. */
const UNKNOWN: Rule = { is: "told", tells: ["other"] };

/** Returns the package written anew, and the ending that it is to have. Throws `Broken` if it contradicts itself. */
export async function rewritePackage(bytes: Bytes, kind: "office" | "open-document", given: string | undefined, found: Finding): Promise<{ content: Blob; extension: string }> {
  const { parts, hasComment, hasMore } = readPackage(bytes);
  const rewriter = new PartRewriter(found, UNPACKED + UNPACKED_FOR_EACH * bytes.length);
  const written = new Map<Part, Part>();
  // As a reader of the stream meets them: authors are numbered alike.
  for (const part of [...parts].sort((one, other) => one.at - other.at)) written.set(part, await rewriter.rewrite(part));
  if (hasComment) found.removed.add("words");
  else if (hasMore) found.removed.add("other");
  const head = asText(bytes.subarray(0, 4096));
  const list = parts.find(({ name }) => asText(name) === "[Content_Types].xml");
  const types = list && (await unpack(list).then(asText, () => undefined));
  const extension = kind === "office" ? officeEnding(types, head, given) : openDocumentEnding(head, given);
  return { content: writePackage(parts.map((part) => written.get(part)!)), extension };
}

class PartRewriter {
  private readonly names = new Names();

  constructor(
    private readonly found: Finding,
    private budget: number,
  ) {}

  /** Returns the part as it is to be sent: the same one if nothing is to be changed, or it cannot be read. */
  async rewrite(part: Part): Promise<Part> {
    const name = asText(part.name).toLowerCase();
    const rule = ruleFor(name);
    if (!["xml", "picture", "put"].includes(rule.is)) {
      if (part.plain > 0) this.tell(rule);
      return part;
    }
    const plain = await this.unpack(part);
    if (!plain) {
      this.tell(rule);
      return part;
    }
    // What is found counts once the part is read.
    const inside = nothing();
    const changed = this.changed(name, rule, plain, inside);
    add(this.found.removed, ...inside.removed);
    add(this.found.left, ...inside.left);
    if (inside.isSigned) sign(this.found);
    return changed ? pack(part, changed) : part;
  }

  /** Returns the part's content as it is to be; undefined if it may stay. */
  private changed(name: string, rule: Rule, plain: Bytes, found: Finding): Bytes | undefined {
    if (rule.is === "xml") return rewriteXml(plain, this.names, found, name);
    if (rule.is === "picture") {
      const picture = stripPicture(plain, found);
      return found.removed.size > 0 ? picture : undefined;
    }
    const put = asBytes(atob(rule.put ?? ""));
    if (equal(plain, put)) return undefined;
    add(found.removed, ...(rule.tells ?? []));
    return put;
  }

  private async unpack(part: Part): Promise<Bytes | undefined> {
    if (part.plain > this.budget) return undefined;
    this.budget -= part.plain;
    return unpack(part).catch(() => undefined);
  }

  /** Tells of a part that goes on as it came. */
  private tell(rule: Rule): void {
    if (rule.is === "xml") add(this.found.left, "history", "other");
    else if (rule.is === "picture") this.found.left.add("other");
    else if (rule.is === "signature") sign(this.found);
    else add(this.found.left, ...(rule.tells ?? []));
  }
}

/** Returns the first rule that fits the name of a part, in small letters. */
function ruleFor(name: string): Rule {
  const fits = ({ starts, has, ends }: Rule) =>
    name.startsWith(starts ?? "") && name.includes(has ?? "") && (!ends || ends.some((end) => name.endsWith(end)));
  return (rules.office.parts as Rule[]).find(fits) ?? UNKNOWN;
}
