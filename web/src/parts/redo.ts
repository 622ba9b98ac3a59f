// Making the case in which a talk is done again: under which number, and on to it. From the list of such talks, and from the workbench.

import { apiOf, post, Problem } from "../api.ts";
import { ask, busy, h, toast } from "../dom.ts";
import { t } from "../words.ts";

/** Asks for the number, makes the case and goes to it; a refusal is told and leaves the page as it was. */
export async function redone(ref: string, proposed: string): Promise<void> {
  const number = h("input", { name: "number", required: true, maxlength: 64, pattern: "[A-Za-z0-9._\\-]+", autocomplete: "off", value: proposed });
  const said = await ask({ title: t("review.redo_make"), text: t("review.redo_text"), go: t("review.redo_make"), fields: [h("label", { class: "field" }, h("span", null, t("review.redo_number")), number)] }, t("cancel"));
  if (!said) return;
  try {
    const made = await post<{ successor: { case: string } }>(`${apiOf(ref)}/review/redo`, { number: String(said.get("number") ?? "") });
    location.assign(`/cases/${made.successor.case}`);
  } catch (error) {
    toast(error instanceof Problem ? error.text : String(error), { isBad: true });
  }
}

document.addEventListener("click", (event) => {
  const button = (event.target as Element | null)?.closest<HTMLButtonElement>("button[data-redo]");
  if (button) void busy(button, () => redone(button.dataset["redo"] ?? "", button.dataset["number"] ?? ""));
});
