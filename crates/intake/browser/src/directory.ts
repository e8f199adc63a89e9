// The directory of desks and members, signed by m of n root keys, and the routing rule that selects
// the readers of a report.
import { type AgeRecipient, recipient } from "./recipients.ts";
import { type Bytes, decode, encode } from "./bytes.ts";
import { checked, day, exactly, lang, list, matching, nullable, object, parseCanonical, record, string, uuid, whole } from "./canonical.ts";
import { type HashText, hashText, readHash } from "./hash.ts";
import { readKey, verify } from "./keys.ts";

const LABEL = "burkindi/directory/v1\0";
const MAX_SIGNATURES = 16;
const MAX_DIRECTORY_BYTES = 384 * 1024;
const VALID_DAYS = 30;
const MAX_OVERSIGHT_MEMBERS = 2;
const MAX_DESK_MEMBERS = 6;
const MIN_READERS = 2;
const MAX_PROGRAMS = 4;
const MAX_WITNESSES = 8;
const MAX_EPOCH_OF_LOG = 2 ** 32 - 1;
const EXCLUDE_ALL = "unsure_all";
const DAY_MS = 86_400_000;

export interface DirectoryMember {
  handle: string;
  recipient: string;
  device: string;
  units: string[];
  languages: string[];
}

export interface DirectoryDesk {
  id: string;
  labels: Record<string, string>;
  categories: string[];
  audiences: string[];
  members: string[];
  units: string[];
}

/** An outside witness of the transparency log: its name in signature lines, and its key. */
export interface LogWitness {
  name: string;
  key: string;
}

/** How many cosigners make a checkpoint countersigned. */
export interface LogQuorum {
  oversight: number;
  witnesses: number;
}

/** The transparency log: the number in its origin, and its cosigners. */
export interface LogSettings {
  epoch: number;
  witnesses: LogWitness[];
  quorum: LogQuorum;
}

export interface DirectoryDocument {
  v: 1;
  instance: string;
  epoch: number;
  previous: HashText | null;
  issued: string;
  expires: string;
  transport: string[];
  handler_key: string;
  log: LogSettings;
  members: DirectoryMember[];
  desks: DirectoryDesk[];
  oversight: string;
  /** The hashes of the manifests of the programs that may seal reports, the newest first. */
  programs: HashText[];
}

/** The trusted root keys. Every reader pins them; they are never taken from a directory. */
export interface TrustAnchor {
  instance: string;
  threshold: number;
  roots: string[];
}

export interface RootSignature {
  key: string;
  signature: string;
}

/** The desk and the members that may read a report at once. */
export interface DeskRouting {
  desk: DirectoryDesk;
  /** Handles of the members of this desk who may read the report. */
  members: string[];
  /** Whether this desk is the oversight body. */
  oversight: boolean;
}

/** The recipients of a report. */
export interface SealRecipients {
  desk: DirectoryDesk;
  readers: AgeRecipient[];
}

const readRecipient = checked(recipient);

const readMember = object<DirectoryMember>({
  handle: string,
  recipient: readRecipient,
  device: readKey,
  units: list(string),
  languages: list(string),
});

const readDesk = object<DirectoryDesk>({
  id: string,
  labels: record(lang, string),
  categories: list(string),
  audiences: list(string),
  members: list(string),
  units: list(string),
});

/**
 * The name of a witness: printable ASCII without space and plus sign, and no name of the log or of
 * a member.
 */
const witnessName = matching(/^(?!burkindi\/)[!-*,-~]{1,128}$/, "the name of a witness");

const readLogSettings = object<LogSettings>({
  epoch: whole(MAX_EPOCH_OF_LOG),
  witnesses: list(object<LogWitness>({ name: witnessName, key: readKey }), MAX_WITNESSES),
  quorum: object<LogQuorum>({ oversight: whole(MAX_OVERSIGHT_MEMBERS), witnesses: whole(MAX_WITNESSES) }),
});

/**
 * Decodes a directory. A document with an unknown or a missing field is rejected, because a client
 * that does not understand all of it must not choose readers.
 */
const readDocument = object<DirectoryDocument>({
  v: exactly(1),
  instance: uuid,
  epoch: whole(Number.MAX_SAFE_INTEGER),
  previous: nullable(readHash),
  issued: day,
  expires: day,
  transport: list(readRecipient),
  handler_key: readKey,
  log: readLogSettings,
  members: list(readMember),
  desks: list(readDesk),
  oversight: string,
  programs: list(readHash, MAX_PROGRAMS),
});

export const readRootSignature = object<RootSignature>({ key: readKey, signature: checked(decode) });

const readSignatures = list(readRootSignature, MAX_SIGNATURES);

/**
 * Returns the number of trusted root keys with a valid signature over `label ‖ bytes`. Throws if
 * there are too many signatures, or two by one key.
 */
export function countSignatures(signatures: readonly RootSignature[], trust: TrustAnchor, label: string, bytes: Uint8Array): number {
  const keys = readSignatures(signatures).map((by) => by.key);
  if (new Set(keys).size < keys.length) throw new Error("duplicate signature by one root key");
  const holds = ({ key, signature }: RootSignature) => trust.roots.includes(key) && verify(decode(key), label, bytes, decode(signature));
  return signatures.filter(holds).length;
}

/** The directory is not valid today: it is outdated, or the date of the device is wrong. */
export class DirectoryNotValidTodayError extends Error {}

/** The reporter refused the oversight body, and no desk is left. */
export class NoReaderError extends Error {}

/** A directory with valid signatures, dates and rules. */
export class VerifiedDirectory {
  private constructor(
    readonly document: DirectoryDocument,
    readonly hash: HashText,
    private readonly trust: TrustAnchor,
  ) {}

  /** Verifies signatures, dates and rules. Throws with the reason. `today` is `YYYY-MM-DD`. */
  static verify(bytes: Bytes, signatures: readonly RootSignature[], trust: TrustAnchor, today: string): VerifiedDirectory {
    if (bytes.length > MAX_DIRECTORY_BYTES) throw new Error("directory exceeds 384 KiB");
    const signed = countSignatures(signatures, trust, LABEL, bytes);
    if (trust.threshold < 1 || signed < trust.threshold) throw new Error("insufficient root signatures");
    const document = parseCanonical(bytes, readDocument);
    if (document.instance !== trust.instance) throw new Error("directory is for a different installation");
    checkRules(document);
    if (document.expires < today) throw new DirectoryNotValidTodayError("directory has expired");
    // One day of tolerance, because the clocks of phones are wrong and time zones differ.
    if (dateToMs(document.issued) - DAY_MS > dateToMs(today)) throw new DirectoryNotValidTodayError("directory is dated in the future");
    return new VerifiedDirectory(document, hashText(bytes), trust);
  }

  /**
   * Returns the directory with these bytes if it is a newer one of the same installation, or else
   * this one. Throws if it is not valid, or not one that the root keys signed.
   */
  newer(bytes: Bytes, signatures: readonly RootSignature[], today: string): VerifiedDirectory {
    if (hashText(bytes) === this.hash) return this;
    const found = VerifiedDirectory.verify(bytes, signatures, this.trust, today);
    return found.document.epoch > this.document.epoch ? found : this;
  }

  /**
   * Returns the desk of the category, without the members whom the reporter excluded. If no desk
   * handles the category or fewer than two members remain, returns the oversight body. If at least
   * two of the members belong to the unit that the reporter prefers, the others get no report.
   */
  route(category: string, audience: string, excluded: readonly string[], preferred?: string | undefined): DeskRouting {
    const excludedMembers = this.excludedMembers(excluded);
    const desk = this.servingDesk(category, audience);
    const members =
      desk && !this.deskExcluded(desk, excluded) ? desk.members.filter((handle) => !excludedMembers.has(handle)) : [];
    if (desk && members.length >= MIN_READERS) return { desk, members: this.preferredAmong(members, preferred), oversight: false };
    const oversightDesk = this.desk(this.document.oversight);
    return { desk: oversightDesk, members: oversightDesk.members, oversight: true };
  }

  /**
   * Returns the exclusions that exclude no member of the desk of the category. Returns none if no
   * desk handles it, because the oversight body cannot be excluded.
   */
  exclusionsWithoutEffect(category: string, audience: string, excluded: readonly string[]): string[] {
    const desk = this.servingDesk(category, audience);
    if (!desk) return [];
    return excluded.filter((exclusion) => {
      const people = this.excludedMembers([exclusion]);
      return !desk.members.some((handle) => people.has(handle));
    });
  }

  /**
   * Returns all recipients of a grant: the members who may read at once, and the oversight body
   * unless the reporter refused it. Throws if no other reader is left then.
   */
  recipientsFor(
    category: string,
    audience: string,
    excluded: readonly string[],
    oversightRefused: boolean,
    preferred?: string | undefined,
  ): SealRecipients {
    const { desk, members, oversight } = this.route(category, audience, excluded, preferred);
    if (oversight && oversightRefused) throw new NoReaderError("the oversight body is refused, and no desk is left");
    const later = oversight || oversightRefused ? [] : this.desk(this.document.oversight).members;
    return { desk, readers: this.recipients([...members, ...later]) };
  }

  /** Returns the recipient of the transport layer. */
  transport(): AgeRecipient {
    return recipient(this.document.transport[0]!);
  }

  /** Returns the desk of a category and an audience, whatever the reporter excludes. */
  private servingDesk(category: string, audience: string): DirectoryDesk | undefined {
    const { desks, oversight } = this.document;
    return desks.find(
      (desk) =>
        desk.id !== oversight &&
        desk.categories.includes(category) &&
        (desk.audiences.length === 0 || desk.audiences.includes(audience)),
    );
  }

  private preferredAmong(handles: string[], unit: string | undefined): string[] {
    if (unit === undefined) return handles;
    const preferred = handles.filter((handle) => this.document.members.some((member) => member.handle === handle && member.units.includes(unit)));
    return preferred.length >= MIN_READERS ? preferred : handles;
  }

  private excludedMembers(excluded: readonly string[]): Set<string> {
    const { desks, members, oversight } = this.document;
    const byDesk = desks.filter((desk) => this.deskExcluded(desk, excluded)).flatMap((desk) => desk.members);
    const byPerson = members
      .filter((member) => member.units.some((unit) => excluded.includes(unit)))
      .map((member) => member.handle);
    const oversightMembers = this.desk(oversight).members;
    return new Set([...byDesk, ...byPerson].filter((handle) => !oversightMembers.includes(handle)));
  }

  private deskExcluded(desk: DirectoryDesk, excluded: readonly string[]): boolean {
    const named = (id: string) => id === EXCLUDE_ALL || id === desk.id || desk.units.includes(id);
    return desk.id !== this.document.oversight && excluded.some(named);
  }

  private desk(id: string): DirectoryDesk {
    return this.document.desks.find((desk) => desk.id === id)!;
  }

  private recipients(handles: readonly string[]): AgeRecipient[] {
    const member = (handle: string) => this.document.members.find((member) => member.handle === handle)!;
    return handles.map((handle) => recipient(member(handle).recipient));
  }
}

const dateToMs = (day: string): number => Date.parse(`${day}T00:00:00Z`);

/**
 * Checks what signatures do not show: names are unique and resolve, no report needs more than eight
 * grants, no member of a desk is in the oversight body, and the log has enough cosigners.
 */
function checkRules(document: DirectoryDocument): void {
  const rule = (broken: boolean, text: string) => {
    if (broken) throw new Error(`invalid directory: ${text}`);
  };
  const span = (dateToMs(document.expires) - dateToMs(document.issued)) / DAY_MS;
  rule(document.transport.length === 0, "no transport recipient");
  rule(span < 0 || span > VALID_DAYS, "valid for other than 30 days");
  const handles = document.members.map((member) => member.handle);
  const keys = document.members.map((member) => encode(recipient(member.recipient).raw));
  rule(new Set(handles).size < handles.length, "duplicate member");
  rule(new Set(keys).size < keys.length, "two members share a key");
  // The key of the handler counts as a device key, because a member with that key could sign events
  // of the handler.
  const devices = [document.handler_key, ...document.members.map((member) => member.device)];
  rule(new Set(devices).size < devices.length, "two members share a device key");
  rule(new Set(document.programs).size < document.programs.length, "lists a program twice");
  const oversightDesk = document.desks.find((desk) => desk.id === document.oversight);
  rule(oversightDesk === undefined || oversightDesk.members.length === 0, "no oversight body");
  rule(new Set(document.desks.map((desk) => desk.id)).size < document.desks.length, "duplicate desk");
  for (const desk of document.desks) {
    const isDesk = desk.id !== document.oversight;
    rule(desk.members.length > (isDesk ? MAX_DESK_MEMBERS : MAX_OVERSIGHT_MEMBERS), `desk ${desk.id} has too many members`);
    rule(new Set(desk.members).size < desk.members.length, `desk ${desk.id} lists a member twice`);
    rule(desk.members.some((handle) => !handles.includes(handle)), `desk ${desk.id} names an unknown member`);
    rule(isDesk && desk.members.some((handle) => oversightDesk!.members.includes(handle)), "a member of a desk is in the oversight body");
  }
  const { epoch, witnesses, quorum } = document.log;
  // The name of a cosigner is not signed, so that one key under two names would count twice.
  const signers = [...devices, ...witnesses.map((witness) => witness.key)];
  rule(epoch === 0, "the epoch of the log is 0");
  rule(new Set(witnesses.map((witness) => witness.name)).size < witnesses.length, "duplicate witness");
  rule(new Set(signers).size < signers.length, "two signers of the log share a key");
  rule(quorum.oversight > oversightDesk!.members.length || quorum.witnesses > witnesses.length, "the quorum of the log is too large");
  rule(quorum.oversight + quorum.witnesses === 0, "the quorum of the log is empty");
}
