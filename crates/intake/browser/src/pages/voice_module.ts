// The module that records and alters voices.
import { ProgramModule } from "./program_module.ts";

const voice = new ProgramModule<typeof import("../voice/recorder.ts")>("voice");

/** Returns the module. Rejects if it does not load or has another hash. */
export const loadVoice = () => voice.load();
