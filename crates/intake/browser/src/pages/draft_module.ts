// The module that keeps and continues drafts.
import { ProgramModule } from "./program_module.ts";

const draft = new ProgramModule<typeof import("./draft_panel.ts")>("draft");

/** Returns the module. Rejects if it does not load or has another hash. */
export const loadDraft = () => draft.load();
