// Conditions of questions, by the same rule as in the crate `taxonomy`. Both are tested with the
// cases in crates/taxonomy/tests/conditions.json.

/** The condition of a question: an answer to an earlier question. */
export interface Condition {
  question: string;
  answers: string[];
}

/**
 * Returns the ids of the questions that apply, in order. A question applies if it has no condition,
 * if the question that decides is not in the list, or if that question applies and has one of the
 * answers.
 */
export function applicable(questions: readonly { id: string; when?: Condition | null }[], values: (question: string) => readonly string[]): string[] {
  const applying: string[] = [];
  for (const { id, when } of questions) {
    const isAsked = when && questions.some((other) => other.id === when.question);
    const holds = () => applying.includes(when!.question) && values(when!.question).some((value) => when!.answers.includes(value.trim()));
    if (!isAsked || holds()) applying.push(id);
  }
  return applying;
}
