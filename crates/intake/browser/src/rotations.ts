// Key rotations in a mailbox: the statements that lead from the keys in the reply capsule to the
// current ones, and the confirmations of two members.
import { concat, decode, utf8 } from "./bytes.ts";
import { MAX_GENERATION, canonicalJsonBytes, checked, exactly, list, nullable, object, parseCanonical, uuid, whole } from "./canonical.ts";
import type { VerifiedDirectory } from "./directory.ts";
import { type ThreadHead, readHead } from "./frame.ts";
import { type HashText, hashText, readHash } from "./hash.ts";
import { readKey, verify } from "./keys.ts";
import type { ReplyCapsule } from "./reply_capsule.ts";

const STATEMENT_LABEL = "burkindi/rotation/v2\0";
const CONFIRMATION_LABEL = "burkindi/rotation-confirmation/v2\0";
const REQUIRED_CONFIRMATIONS = 2;

/** Announces the keys of the next generation. Its fields are encoded in this order. */
export interface RotationStatement {
  v: 2;
  case: string;
  generation: number;
  case_recipient: HashText;
  replies_key: string;
  /** The newest frame to the reporter before the rotation. */
  newest_reply: ThreadHead | null;
  /** The hash of the statement of the previous generation. */
  previous: HashText | null;
}

/** The signature of a member's device key over a statement. */
export interface RotationConfirmation {
  device: string;
  signature: string;
}

export interface ConfirmedRotation {
  rotation: { statement: RotationStatement; signature: string };
  confirmations: RotationConfirmation[];
}

const readStatement = object<RotationStatement>({
  v: exactly(2),
  case: uuid,
  generation: whole(0xffff_ffff),
  case_recipient: readHash,
  replies_key: readKey,
  newest_reply: nullable(readHead),
  previous: nullable(readHash),
});

const readSignature = checked(decode);

const readFields = object<ConfirmedRotation>({
  rotation: object<ConfirmedRotation["rotation"]>({ statement: readStatement, signature: readSignature }),
  confirmations: list(object<RotationConfirmation>({ device: readKey, signature: readSignature })),
});

/** Decodes a rotation of a mailbox. Throws on any other bytes. */
export const readConfirmedRotation = (bytes: Uint8Array): ConfirmedRotation => parseCanonical(bytes, readFields);

/** Returns the hash by which the next statement and the confirmations refer to a statement. */
const statementHash = (statement: RotationStatement): HashText => hashText(concat(utf8(STATEMENT_LABEL), canonicalJsonBytes(statement)));

/** Returns whether two different device keys of the directory confirmed the statement. */
export function isConfirmed({ rotation, confirmations }: ConfirmedRotation, devices: readonly string[]): boolean {
  const confirmed = decode(statementHash(rotation.statement));
  const confirming = devices.filter((device) =>
    confirmations.some((by) => by.device === device && verify(decode(device), CONFIRMATION_LABEL, confirmed, decode(by.signature))),
  );
  return new Set(confirming).size >= REQUIRED_CONFIRMATIONS;
}

/**
 * Whether the rotations of a mailbox are trusted: all are, or there is none; fewer than two members
 * of the directory confirmed the last one; or one does not follow the key before it.
 */
export type RotationOutcome = "followed" | "unconfirmed" | "invalid";

/** The keys of the case that the reporter trusts. */
export class TrustedKeys {
  private constructor(
    private readonly capsule: ReplyCapsule,
    /** The statements that lead from the keys of the capsule to the trusted ones. */
    private readonly followed: readonly RotationStatement[],
    readonly outcome: RotationOutcome,
  ) {}

  /**
   * Follows the rotations. Without two confirmations of the last one by members of the current
   * directory, the keys of the capsule stay the trusted ones.
   */
  static follow(capsule: ReplyCapsule, rotations: readonly ConfirmedRotation[], directory: VerifiedDirectory | undefined): TrustedKeys {
    let key = capsule.replies_keys.at(-1);
    let generation = capsule.generation;
    let before: HashText | undefined;
    for (const { rotation } of rotations) {
      const { statement, signature } = rotation;
      const follows =
        statement.case === capsule.case &&
        statement.generation === generation + 1 &&
        statement.generation <= MAX_GENERATION &&
        // The capsule does not contain the hash of the statement that led to its own keys.
        (before === undefined || statement.previous === before) &&
        key !== undefined &&
        verify(decode(key), STATEMENT_LABEL, canonicalJsonBytes(statement), decode(signature));
      if (!follows) return new TrustedKeys(capsule, [], "invalid");
      generation = statement.generation;
      key = statement.replies_key;
      before = statementHash(statement);
    }
    const last = rotations.at(-1);
    const devices = (directory?.document.members ?? []).map(({ device }) => device);
    if (last !== undefined && !isConfirmed(last, devices)) return new TrustedKeys(capsule, [], "unconfirmed");
    return new TrustedKeys(capsule, rotations.map(({ rotation }) => rotation.statement), "followed");
  }

  /** The trusted generation. */
  get generation(): number {
    return this.followed.at(-1)?.generation ?? this.capsule.generation;
  }

  /** The hash of `C` of the trusted generation. */
  get caseRecipient(): HashText {
    return this.followed.at(-1)?.case_recipient ?? this.capsule.case_recipient;
  }

  /** `K_c` of each generation up to the trusted one. */
  get repliesKeys(): string[] {
    return [...this.capsule.replies_keys, ...this.followed.map((statement) => statement.replies_key)];
  }

  /** The newest frame before the last followed rotation. */
  get newestBeforeRotation(): ThreadHead | null {
    return this.followed.at(-1)?.newest_reply ?? null;
  }

  /**
   * Returns the key that must have signed a frame of this generation with this sequence number.
   * Throws if the frame is refused: its generation is not trusted, or a rotation replaced the key
   * before a frame with that number existed.
   */
  signer(generation: number, seq: number): Uint8Array {
    const key = this.repliesKeys[generation];
    if (key === undefined || seq > this.lastSeq(generation)) throw new Error("a newer key replaced the key of this frame");
    return decode(key);
  }

  /** Returns the largest sequence number of a frame of a generation, or -1 if there is none. */
  private lastSeq(generation: number): number {
    // The reporter wrote with a newer key than this one, and had seen all frames of it.
    if (generation < this.capsule.generation) return this.capsule.seen?.seq ?? -1;
    if (generation >= this.generation) return Infinity;
    return this.followed[generation - this.capsule.generation]?.newest_reply?.seq ?? -1;
  }
}
