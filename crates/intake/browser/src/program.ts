// The manifest of the browser program: the hash of every file that a page executes or inserts,
// signed by root keys, in the form of the WEBCAT specification. The Rust implementation in
// crates/protocol/src/program.rs is the reference.
import { type Bytes, decode } from "./bytes.ts";
import { MalformedJsonError, canonicalJsonBytes, list, object, optional, parseCanonical, record, string } from "./canonical.ts";
import { type RootSignature, type TrustAnchor, countSignatures, readRootSignature } from "./directory.ts";
import { type HashText, hash, hashText, readHash } from "./hash.ts";

/** The address of the signed manifest. */
export const MANIFEST_PATH = "/.well-known/webcat/manifest.json";
const MAX_MANIFEST_BYTES = 64 * 1024;
const LABEL = "sigsum.org/v1/tree-leaf\0";

/** The fields in alphabetical order, as they are hashed. */
export interface ProgramManifest {
  app: string;
  default_csp: string;
  default_fallback: string;
  default_index: string;
  extra_csp: Record<string, string>;
  files: Record<string, HashText>;
  timestamp?: string | undefined;
  version: string;
  wasm: HashText[];
}

interface SignedProgram {
  manifest: ProgramManifest;
  root_signatures: RootSignature[];
  signatures: Record<string, string>;
}

const readManifest = object<ProgramManifest>({
  app: string,
  default_csp: string,
  default_fallback: string,
  default_index: string,
  extra_csp: record(string, string),
  files: record(string, readHash),
  timestamp: optional(string),
  version: string,
  wasm: list(readHash),
});

const readProgram = object<SignedProgram>({
  manifest: readManifest,
  root_signatures: list(readRootSignature),
  signatures: record(string, string),
});

/**
 * A file is not the one that the manifest names, or the manifest is not one that root keys signed.
 * The message is the path of the file.
 */
export class ProgramMismatchError extends Error {}

/** A manifest with valid signatures. */
export class VerifiedProgram {
  private constructor(
    private readonly manifest: ProgramManifest,
    readonly hash: HashText,
  ) {}

  /** Verifies the rules and the signatures of a manifest. Throws with the reason. */
  static verify(bytes: Bytes, trust: TrustAnchor): VerifiedProgram {
    if (bytes.length > MAX_MANIFEST_BYTES) throw new MalformedJsonError("invalid manifest");
    const { manifest, root_signatures } = parseCanonical(bytes, readProgram);
    checkRules(manifest);
    const program = new VerifiedProgram(manifest, hashText(canonicalJsonBytes(manifest)));
    // A Sigsum leaf: the hash of the message, which is the hash of the manifest.
    const signed = countSignatures(root_signatures, trust, LABEL, hash(decode(program.hash)));
    if (trust.threshold < 1 || signed < trust.threshold) throw new Error("insufficient root signatures");
    return program;
  }

  /** Returns the hash of a file, or undefined if the manifest does not name it. */
  fileHash(path: string): HashText | undefined {
    return Object.hasOwn(this.manifest.files, path) ? this.manifest.files[path] : undefined;
  }

  /** Returns whether the manifest names this file with this content. */
  has(path: string, content: Uint8Array): boolean {
    return this.fileHash(path) === hashText(content);
  }

  /** Throws unless the manifest names this file with this content. */
  check(path: string, content: Uint8Array): void {
    if (!this.has(path, content)) throw new ProgramMismatchError(path);
  }
}

/** Checks paths, policies and texts as the Rust implementation does. */
function checkRules({ app, default_csp, default_fallback, default_index, extra_csp, files, version }: ProgramManifest): void {
  const policies = [default_csp, ...Object.values(extra_csp)];
  const holds =
    [...Object.keys(files), ...Object.keys(extra_csp)].every((path) => /^\/[!-~]*$/.test(path)) &&
    [`/${default_index}`, default_fallback].every((path) => Object.hasOwn(files, path)) &&
    ![app, version, ...policies].some((written) => /\p{Cc}/u.test(written)) &&
    !policies.some((policy) => policy.includes(","));
  if (!holds) throw new MalformedJsonError("invalid manifest");
}
