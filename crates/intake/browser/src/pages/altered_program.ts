// Shows that the program is not one that root keys signed. The texts are part of the script,
// because the server may have altered every other file. They equal those of crates/locales/data/*.
import { createElement, queryAll, queryOne } from "./dom.ts";

/** By language: the heading, what was found, and what to do. */
export const ALTERED_TEXTS: Record<string, readonly [string, string, string]> = {
  fr: [
    "N’écrivez rien ici pour le moment",
    "Des parties de ce formulaire ne sont pas signées par l’administration. Quelqu’un veut peut-être lire ce que vous écrivez.",
    "Réessayez dans dix minutes. Si ce message revient, n’utilisez ce formulaire sur aucun appareil. Appelez le numéro qui est sur les affiches.",
  ],
  en: [
    "Do not write anything here now",
    "Parts of this form are not signed by the administration. Someone may want to read what you write.",
    "Try again in ten minutes. If this message returns, use this form on no device. Call the number on the posters.",
  ],
  es: [
    "No escriba nada aquí por ahora",
    "Partes de este formulario no están firmadas por la administración. Alguien quizá quiere leer lo que usted escribe.",
    "Inténtelo de nuevo en diez minutos. Si el mensaje vuelve, no use este formulario en ningún dispositivo. Llame al número de los carteles.",
  ],
  pt: [
    "Não escreva nada aqui por agora",
    "Partes deste formulário não estão assinadas pela administração. Alguém talvez queira ler o que escreve.",
    "Tente de novo em dez minutos. Se a mensagem voltar, não use este formulário em nenhum aparelho. Ligue para o número dos cartazes.",
  ],
  ar: [
    "لا تكتب شيئاً هنا الآن",
    "أجزاء من هذه الاستمارة لم توقّعها الإدارة. ربما يريد أحدهم قراءة ما تكتبه.",
    "حاول بعد عشر دقائق. إذا عادت الرسالة، فلا تستعمل هذه الاستمارة على أي جهاز. اتصل بالرقم المكتوب على الملصقات.",
  ],
};

/** Shows the warning in the language of the page. */
export function showAlteredProgram(): void {
  const [heading, ...lines] = ALTERED_TEXTS[document.documentElement.lang] ?? ALTERED_TEXTS["en"]!;
  const warning = createElement("div", { class: "wrong altered", role: "alert" }, createElement("h2", {}, heading!));
  warning.append(...lines.map((line) => createElement("p", {}, line)));
  queryOne(".altered")?.remove();
  queryOne("main")?.prepend(warning);
}

/**
 * Ends the page and shows the warning: clears the state of the page, and removes every form, so
 * that nothing is written or sent. A receipt stays, because this device has computed it.
 */
export function refuseProgram(): void {
  if (queryOne(".ticket")) return showAlteredProgram();
  document.dispatchEvent(new Event("leave"));
  queryAll("main form").forEach((form) => form.remove());
  showAlteredProgram();
}
