// Office files (OOXML, OpenDocument): what becomes of each part of a package. Parts are known by
// their names and by the root of their XML. A part that no rule knows goes on as it came, and is
// told.
import { type Bytes, equal } from "../bytes.ts";
import { AuthorPseudonyms } from "./pseudonyms.ts";
import { officeExtension, openDocumentExtension } from "./office_format.ts";
import { scrubEmbeddedPicture } from "./pictures.ts";
import { type ScrubFindings, type MetadataKind, addKinds, asBytes, asText, noFindings, rules, recordSignature } from "./rules.ts";
import { rewriteXml } from "./xml.ts";
import { type ZipEntry, pack, readPackage, unpack, writePackage } from "./zip.ts";

/** All parts of a file may unpack to so many bytes together, */
const MIN_UNPACK_BUDGET = 64 * 1024 * 1024;
/** and to so many further ones for each byte of the file: more than any document is packed by. */
const UNPACKED_PER_INPUT_BYTE = 24;

interface PartRule {
  starts?: string;
  has?: string;
  ends?: string[];
  is: string;
  tells?: MetadataKind[];
  put?: string;
}

/** A part that no rule knows. */
const UNKNOWN_PART_RULE: PartRule = { is: "told", tells: ["other"] };

/** Returns the package written anew, and the ending that it is to have. Throws `Broken` if it contradicts itself. */
export async function rewritePackage(bytes: Bytes, kind: "office" | "open-document", given: string | undefined, found: ScrubFindings): Promise<{ content: Blob; extension: string }> {
  const { parts, hasComment, hasMore } = readPackage(bytes);
  const rewriter = new PartRewriter(found, MIN_UNPACK_BUDGET + UNPACKED_PER_INPUT_BYTE * bytes.length);
  const written = new Map<ZipEntry, ZipEntry>();
  // As a reader of the stream meets them: authors are numbered alike.
  for (const part of [...parts].sort((one, other) => one.at - other.at)) written.set(part, await rewriter.rewrite(part));
  if (hasComment) found.removed.add("words");
  else if (hasMore) found.removed.add("other");
  const head = asText(bytes.subarray(0, 4096));
  const list = parts.find(({ name }) => asText(name) === "[Content_Types].xml");
  const types = list && (await unpack(list).then(asText, () => undefined));
  const extension = kind === "office" ? officeExtension(types, head, given) : openDocumentExtension(head, given);
  return { content: writePackage(parts.map((part) => written.get(part)!)), extension };
}

class PartRewriter {
  private readonly names = new AuthorPseudonyms();

  constructor(
    private readonly found: ScrubFindings,
    private budget: number,
  ) {}

  /** Returns the part as it is to be sent: the same one if nothing is to be changed, or it cannot be read. */
  async rewrite(part: ZipEntry): Promise<ZipEntry> {
    const name = asText(part.name).toLowerCase();
    const rule = ruleFor(name);
    if (!["xml", "picture", "put"].includes(rule.is)) {
      if (part.plain > 0) this.recordUnchanged(rule);
      return part;
    }
    const plain = await this.unpack(part);
    if (!plain) {
      this.recordUnchanged(rule);
      return part;
    }
    // What is found counts once the part is read.
    const inside = noFindings();
    const changed = this.changed(name, rule, plain, inside);
    addKinds(this.found.removed, ...inside.removed);
    addKinds(this.found.left, ...inside.left);
    if (inside.isSigned) recordSignature(this.found);
    return changed ? pack(part, changed) : part;
  }

  /** Returns the part's content as it is to be; undefined if it may stay. */
  private changed(name: string, rule: PartRule, plain: Bytes, found: ScrubFindings): Bytes | undefined {
    if (rule.is === "xml") return rewriteXml(plain, this.names, found, name);
    if (rule.is === "picture") {
      const picture = scrubEmbeddedPicture(plain, found);
      return found.removed.size > 0 ? picture : undefined;
    }
    const put = asBytes(atob(rule.put ?? ""));
    if (equal(plain, put)) return undefined;
    addKinds(found.removed, ...(rule.tells ?? []));
    return put;
  }

  private async unpack(part: ZipEntry): Promise<Bytes | undefined> {
    if (part.plain > this.budget) return undefined;
    this.budget -= part.plain;
    return unpack(part).catch(() => undefined);
  }

  /** Tells of a part that goes on as it came. */
  private recordUnchanged(rule: PartRule): void {
    if (rule.is === "xml") addKinds(this.found.left, "history", "other");
    else if (rule.is === "picture") this.found.left.add("other");
    else if (rule.is === "signature") recordSignature(this.found);
    else addKinds(this.found.left, ...(rule.tells ?? []));
  }
}

/** Returns the first rule that fits the name of a part, in small letters. */
function ruleFor(name: string): PartRule {
  const fits = ({ starts, has, ends }: PartRule) =>
    name.startsWith(starts ?? "") && name.includes(has ?? "") && (!ends || ends.some((end) => name.endsWith(end)));
  return (rules.office.parts as PartRule[]).find(fits) ?? UNKNOWN_PART_RULE;
}
