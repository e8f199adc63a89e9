// The module that scrubs files.
import type { scrub } from "../metadata/scrub.ts";
import { ProgramModule } from "./program_module.ts";

const scrubber = new ProgramModule<{ scrub: typeof scrub }>("files");

/** Returns the module. Rejects if it does not load or has another hash. */
export const loadScrubber = () => scrubber.load();
