// Fetches the files of the program and checks each against the manifest that root keys signed.
import { type Bytes, decode, text } from "../bytes.ts";
import { VerifiedDirectory, type TrustAnchor } from "../directory.ts";
import type { HashText } from "../hash.ts";
import { MANIFEST_PATH, ProgramMismatchError, VerifiedProgram } from "../program.ts";
import { queryAll } from "./dom.ts";
import { MissingFileError, fetchBytes, fetchSignatures } from "./fetch_ok.ts";

/** The scripts of the page. Read at the start, because the first page removes its own. */
const pageScripts = queryAll<HTMLScriptElement>("script[src]");
/** The element of this script. */
export const ownScript = pageScripts.find(({ type }) => type === "module");

const cached = (cache: RequestCache = "default"): RequestInit => ({ cache });

/** The service has another version of the program, with another file or none at this address. */
export class ServiceUpdatedError extends Error {}

/** The files of the program. Without a manifest, they are not checked. */
export class ProgramFiles {
  constructor(
    private readonly program: VerifiedProgram | undefined,
    private readonly trust: TrustAnchor,
  ) {}

  /** The hash of the manifest, or undefined if the installation has none. */
  get hash(): HashText | undefined {
    return this.program?.hash;
  }

  /**
   * Returns a file by this cache rule. If it is another file, throws `ServiceUpdatedError` for the
   * file of another version that root keys signed, and else `ProgramMismatchError`.
   */
  async fetch(path: string, cache?: RequestCache): Promise<Bytes> {
    try {
      const content = await fetchBytes(path, cached(cache));
      if (this.has(path, content)) return content;
      // A cache can hold the file of the version before.
      const again = await fetchBytes(path, { cache: cache ?? "reload" });
      if (this.has(path, again)) return again;
      throw (await this.isUpdated(path, again)) ? new ServiceUpdatedError(path) : new ProgramMismatchError(path);
    } catch (error) {
      throw error instanceof MissingFileError && (await this.isUpdated(path)) ? new ServiceUpdatedError(path) : error;
    }
  }

  /** Returns the value of the attribute `integrity` for a file, or undefined without a manifest. */
  integrity(path: string): string | undefined {
    const hash = this.program?.fileHash(path);
    return hash && `sha256-${btoa(String.fromCharCode(...decode(hash)))}`;
  }

  private has(path: string, content: Uint8Array): boolean {
    return this.program?.has(path, content) ?? true;
  }

  /**
   * Returns whether the service now has another program, signed and listed, with this file or
   * without a file at this address. The root keys are those with which the page was loaded.
   */
  private async isUpdated(path: string, content?: Uint8Array): Promise<boolean> {
    // Without a manifest, only a missing script shows it: its address contains its hash.
    if (!this.program) return SCRIPT_ADDRESS.test(path);
    const [bytes, signatures, manifest] = await Promise.all(fetchSigned("reload"));
    const program = manifest && verifyProgram(manifest, this.trust);
    if (!program || program.hash === this.hash) return false;
    const isListed = lists(VerifiedDirectory.verify(bytes, signatures, this.trust, today()), program);
    return isListed && (content === undefined ? program.fileHash(path) === undefined : program.has(path, content));
  }
}

/** What sealing needs, verified. */
export interface VerifiedService {
  directory: VerifiedDirectory;
  files: ProgramFiles;
  /** The content of the file that was asked for. */
  file: Bytes;
  /** Whether the page is that of another version than the program, and must be loaded again. */
  isUpdated: boolean;
}

/**
 * Fetches the directory, the manifest and one file of the program at once, and verifies them.
 * Throws `ProgramMismatchError` if the program is not one that root keys signed.
 */
export async function fetchService(path: string): Promise<VerifiedService> {
  try {
    return await fetchAll(path);
  } catch (error) {
    // A cache can hold files of the version before.
    if (error instanceof ProgramMismatchError) return fetchAll(path, "reload");
    throw error;
  }
}

async function fetchAll(path: string, cache?: RequestCache): Promise<VerifiedService> {
  const [bytes, signatures, manifest, trustBytes, file] = await Promise.all([...fetchSigned(cache), fetchBytes("/directory.trust", cached(cache)), fetchBytes(path, cached(cache))]);
  const trust = JSON.parse(text(trustBytes)) as TrustAnchor;
  const program = manifest && verifyProgram(manifest, trust);
  const files = new ProgramFiles(program, trust);
  program?.check("/directory.trust", trustBytes);
  program?.check(path, file);
  const isUpdated = program !== undefined && isOtherVersion(program);
  // The browser has compared each script with its attribute. A query belongs to the address,
  // because modules import this script by its path alone.
  for (const script of pageScripts) {
    const address = script.getAttribute("src") ?? "";
    if (program && !isUpdated && script.integrity !== files.integrity(address)) throw new ProgramMismatchError(address);
  }
  const directory = VerifiedDirectory.verify(bytes, signatures, trust, today());
  if (!lists(directory, program)) throw new ProgramMismatchError(MANIFEST_PATH);
  return { directory, files, file, isUpdated };
}

/** The address of a script of any version. */
const SCRIPT_ADDRESS = /^\/assets\/[a-z]+\.[0-9a-f]{16}\.js$/;

/**
 * Returns whether the service was updated between this page and the manifest: the manifest names no
 * file at the address of this script. If loading the page again changes nothing, the page is not
 * that of the service.
 */
function isOtherVersion(program: VerifiedProgram): boolean {
  const address = ownScript?.getAttribute("src") ?? "";
  const [loading] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return SCRIPT_ADDRESS.test(address) && ownScript?.integrity !== "" && program.fileHash(address) === undefined && loading?.type !== "reload";
}

/** Fetches the directory, its signatures, and the manifest or undefined if there is none. */
const fetchSigned = (cache?: RequestCache) =>
  [fetchBytes("/directory.json", cached(cache)), fetchSignatures(cached(cache)), fetchManifest(cache)] as const;

async function fetchManifest(cache?: RequestCache): Promise<Bytes | undefined> {
  return fetchBytes(MANIFEST_PATH, cached(cache)).catch((error: unknown) => {
    if (error instanceof MissingFileError) return undefined;
    throw error;
  });
}

function verifyProgram(manifest: Bytes, trust: TrustAnchor): VerifiedProgram {
  try {
    return VerifiedProgram.verify(manifest, trust);
  } catch (error) {
    throw new ProgramMismatchError(MANIFEST_PATH, { cause: error });
  }
}

/** Returns whether a directory lists a program. One that lists none allows every program. */
function lists(directory: VerifiedDirectory, program: VerifiedProgram | undefined): boolean {
  const { programs } = directory.document;
  return programs.length === 0 || programs.includes(program?.hash ?? "");
}

const today = (): string => new Date().toISOString().slice(0, 10);
