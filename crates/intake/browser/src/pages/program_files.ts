// Fetches the files of the program and checks each against the manifest that root keys signed.
import { type Bytes, decode, text } from "../bytes.ts";
import { VerifiedDirectory, type RootSignature, type TrustAnchor } from "../directory.ts";
import type { HashText } from "../hash.ts";
import { MANIFEST_PATH, ProgramMismatchError, VerifiedProgram } from "../program.ts";
import { queryAll } from "./dom.ts";
import { fetchOk } from "./fetch_ok.ts";

/** The scripts of the page. Read at the start, because the first page removes its own. */
const pageScripts = queryAll<HTMLScriptElement>("script[src]");
/** The element of this script. */
export const ownScript = pageScripts.find(({ type }) => type === "module");

const fetchBytes = async (path: string, cache?: RequestCache): Promise<Bytes> => new Uint8Array(await (await fetchOk(path, cache)).arrayBuffer());

/** The files of the program. Without a manifest, they are not checked. */
export class ProgramFiles {
  constructor(private readonly program: VerifiedProgram | undefined) {}

  /** The hash of the manifest, or undefined if the installation has none. */
  get hash(): HashText | undefined {
    return this.program?.hash;
  }

  /** Returns a file by this cache rule. Throws `ProgramMismatchError` if it is another file. */
  async fetch(path: string, cache?: RequestCache): Promise<Bytes> {
    const content = await fetchBytes(path, cache);
    if (!this.program || this.program.has(path, content)) return content;
    // A cache can hold the file of the version before.
    const again = await fetchBytes(path, cache ?? "reload");
    this.program.check(path, again);
    return again;
  }

  /** Returns the value of the attribute `integrity` for a file, or undefined without a manifest. */
  integrity(path: string): string | undefined {
    const hash = this.program?.fileHash(path);
    return hash && `sha256-${btoa(String.fromCharCode(...decode(hash)))}`;
  }
}

/** What sealing needs, verified. */
export interface VerifiedService {
  directory: VerifiedDirectory;
  files: ProgramFiles;
  /** The content of the file that was asked for. */
  file: Bytes;
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
  const [bytes, signatures, trustBytes, manifest, file] = await Promise.all([
    fetchBytes("/directory.json", cache),
    fetchOk("/directory.sig", cache).then((response) => response.json() as Promise<RootSignature[]>),
    fetchBytes("/directory.trust", cache),
    fetchManifest(cache),
    fetchBytes(path, cache),
  ]);
  const trust = JSON.parse(text(trustBytes)) as TrustAnchor;
  const program = manifest && verifyProgram(manifest, trust);
  const files = new ProgramFiles(program);
  program?.check("/directory.trust", trustBytes);
  program?.check(path, file);
  // The browser has compared each script with its attribute. A query belongs to the address,
  // because modules import this script by its path alone.
  for (const script of pageScripts) {
    const address = script.getAttribute("src") ?? "";
    if (program && script.integrity !== files.integrity(address)) throw new ProgramMismatchError(address);
  }
  const directory = VerifiedDirectory.verify(bytes, signatures, trust, new Date().toISOString().slice(0, 10));
  const { programs } = directory.document;
  if (programs.length > 0 && !programs.includes(program?.hash ?? "")) throw new ProgramMismatchError(MANIFEST_PATH);
  return { directory, files, file };
}

/** Returns the manifest, or undefined if the installation has none. */
async function fetchManifest(cache: RequestCache = "default"): Promise<Bytes | undefined> {
  const response = await fetch(MANIFEST_PATH, { cache });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${MANIFEST_PATH}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function verifyProgram(manifest: Bytes, trust: TrustAnchor): VerifiedProgram {
  try {
    return VerifiedProgram.verify(manifest, trust);
  } catch (error) {
    throw new ProgramMismatchError(MANIFEST_PATH, { cause: error });
  }
}
