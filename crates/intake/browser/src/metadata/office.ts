// Office files (OOXML, OpenDocument): what happens to each part of a package. Parts are identified
// by name and by the root of their XML. A part that no rule matches is copied unchanged and
// reported as left.
import { type Bytes, equal } from "../bytes.ts";
import { AuthorPseudonyms } from "./pseudonyms.ts";
import { officeExtension, openDocumentExtension } from "./office_format.ts";
import { scrubEmbeddedPicture } from "./pictures.ts";
import { type ScrubFindings, type MetadataKind, addKinds, asBytes, asText, noFindings, rules, recordSignature } from "./rules.ts";
import { rewriteXml } from "./xml.ts";
import { type ZipEntry, pack, readPackage, unpack, writePackage } from "./zip.ts";

/** Bytes that all parts of a file together may decompress to, */
const MIN_UNPACK_BUDGET = 64 * 1024 * 1024;
/** and the further bytes for each byte of the file: more than documents are compressed by. */
const UNPACKED_PER_INPUT_BYTE = 24;

interface PartRule {
  starts?: string;
  has?: string;
  ends?: string[];
  is: string;
  kinds?: MetadataKind[];
  put?: string;
}

/** The rule for a part that no other rule matches. */
const UNKNOWN_PART_RULE: PartRule = { is: "report", kinds: ["other"] };

/**
 * Returns the rewritten package and its file extension. Throws `MalformedFileError` if the package
 * contradicts itself.
 */
export async function rewritePackage(bytes: Bytes, kind: "office" | "open-document", given: string | undefined, found: ScrubFindings): Promise<{ content: Blob; extension: string }> {
  const { parts, hasComment, hasMore } = readPackage(bytes);
  const rewriter = new PartRewriter(found, MIN_UNPACK_BUDGET + UNPACKED_PER_INPUT_BYTE * bytes.length);
  const rewritten = new Map<ZipEntry, ZipEntry>();
  // In the order of the file, so that authors get the same pseudonyms as in the intake's stream.
  for (const part of [...parts].sort((first, second) => first.at - second.at)) rewritten.set(part, await rewriter.rewrite(part));
  if (hasComment) found.removed.add("words");
  else if (hasMore) found.removed.add("other");
  const head = asText(bytes.subarray(0, 4096));
  const list = parts.find(({ name }) => asText(name) === "[Content_Types].xml");
  const types = list && (await unpack(list).then(asText, () => undefined));
  const extension = kind === "office" ? officeExtension(types, head, given) : openDocumentExtension(head, given);
  return { content: writePackage(parts.map((part) => rewritten.get(part)!)), extension };
}

class PartRewriter {
  private readonly pseudonyms = new AuthorPseudonyms();

  constructor(
    private readonly found: ScrubFindings,
    private budget: number,
  ) {}

  /**
   * Returns the part to be sent. It is the same one if nothing changes, or if it cannot be read.
   */
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
    // Findings count after the part was read completely.
    const partFindings = noFindings();
    const changed = this.changed(name, rule, plain, partFindings);
    addKinds(this.found.removed, ...partFindings.removed);
    addKinds(this.found.left, ...partFindings.left);
    if (partFindings.isSigned) recordSignature(this.found);
    return changed ? pack(part, changed) : part;
  }

  /** Returns the new content of the part, or undefined if nothing changes. */
  private changed(name: string, rule: PartRule, plain: Bytes, found: ScrubFindings): Bytes | undefined {
    if (rule.is === "xml") return rewriteXml(plain, this.pseudonyms, found, name);
    if (rule.is === "picture") {
      const picture = scrubEmbeddedPicture(plain, found);
      return found.removed.size > 0 ? picture : undefined;
    }
    const replacement = asBytes(atob(rule.put ??  ""));
    if (equal(plain, replacement)) return undefined;
    addKinds(found.removed, ...(rule.kinds ?? []));
    return replacement;
  }

  private async unpack(part: ZipEntry): Promise<Bytes | undefined> {
    if (part.plain > this.budget) return undefined;
    this.budget -= part.plain;
    return unpack(part).catch(() => undefined);
  }

  /** Records the findings for a part that is copied unchanged. */
  private recordUnchanged(rule: PartRule): void {
    if (rule.is === "xml") addKinds(this.found.left, "history", "other");
    else if (rule.is === "picture") this.found.left.add("other");
    else if (rule.is === "signature") recordSignature(this.found);
    else addKinds(this.found.left, ...(rule.kinds ?? []));
  }
}

/** Returns the first rule that matches the lower-case name of a part. */
function ruleFor(name: string): PartRule {
  const fits = ({ starts, has, ends }: PartRule) =>
    name.startsWith(starts ?? "") && name.includes(has ?? "") && (!ends || ends.some((end) => name.endsWith(end)));
  return (rules.office.parts as PartRule[]).find(fits) ?? UNKNOWN_PART_RULE;
}
