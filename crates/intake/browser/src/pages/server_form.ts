// What the server has received with a form that it shows. The script decides by it whether it takes
// a page over, and what it states about who seals.

/** What the reporter has chosen on pages of the server. */
export interface ServerChoices {
  audience: string;
  family: string;
  category: string;
}

/** Returns whether the server has received typed text, which it now shows or carries along. */
export function hasServerText(form: HTMLFormElement): boolean {
  if (form.getAttribute("action")?.endsWith("/send")) return true;
  const hasValue = (field: HTMLInputElement | HTMLSelectElement): boolean => {
    if (field instanceof HTMLSelectElement) return Array.from(field.options).some((one) => one.defaultSelected && one.value !== "");
    return isOption(field) ? field.defaultChecked && field.value !== "" : field.defaultValue.trim() !== "";
  };
  return Array.from(form.elements).filter(isField).some(hasValue);
}

/** Returns the choices that the server carries along. */
export function serverChoices(form: HTMLFormElement): ServerChoices {
  const value = (name: string) => form.querySelector<HTMLInputElement>(`input[type=hidden][name=${name}]`)?.value ?? "";
  return { audience: value("audience"), family: value("family"), category: value("category") };
}

/** Returns the key of the sentence that states who seals the report of a form. */
export function sealingKey(form: HTMLFormElement): "seal-here" | "seal-here-text" {
  return Object.values(serverChoices(form)).some((choice) => choice !== "") ? "seal-here-text" : "seal-here";
}

export const isQuestion = (name: string): boolean => name.startsWith("a.") || name.startsWith("d.");

/** Returns whether an input is chosen, not typed. */
export const isOption = (field: { type: string }): boolean => field.type === "checkbox" || field.type === "radio";

export const isField = (element: Element): element is HTMLInputElement => isQuestion((element as HTMLInputElement).name ?? "");
