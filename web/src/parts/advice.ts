// A supervisor beside a session: everybody is told who is there and that the agent was advised; only the agent reads what was said.

import { h, icon } from "../dom.ts";
import { may, type View } from "../session.ts";
import { t } from "../words.ts";
import type { Acts } from "./acts.ts";

export const supervisorShown = (view: View): unknown => [view.supervisor, view.you, may(view, "supervise"), may(view, "advise")];

/** That a supervisor is there, in words for whoever reads it; null when nobody is. */
export function supervisorNote(view: View): HTMLElement | null {
  if (!view.supervisor || view.supervisor.is_you) return null;
  return h("div", { class: "says", role: "status" }, icon("eye"), " ", t("advice.beside", { name: view.supervisor.display }), " ", t(view.you?.is_staff ? "advice.beside_agent" : "advice.beside_customer"));
}

/** What a supervisor may do: sit down beside the session, advise the agent, get up. */
export function supervisorPanel(view: View, acts: Acts): HTMLElement | null {
  if (may(view, "supervise")) {
    return h("section", { class: "sheet stack-small" }, h("h2", null, t("advice.join")), h("p", { class: "soft" }, t("advice.join_text")),
      h("div", { class: "row" }, acts.button(t("advice.join_go"), "seat", { seat: "supervisor" }, "main")));
  }
  if (!view.supervisor?.is_you) return null;
  const text = h("textarea", { id: "advice-text", name: "text", maxlength: 2000, required: true, "data-key": "advice" });
  const form = h("form", { class: "stack-small" }, h("label", { for: "advice-text" }, t("advice.text")), text, h("p", { class: "note" }, t("advice.note")),
    h("div", { class: "row row-end" }, acts.leaveButton(t("advice.leave")), h("button", { class: "button main", disabled: !may(view, "advise") }, t("advice.go"))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = text.value.trim();
    if (said) void acts.do("advice", { text: said }).then((isDone) => { if (isDone) text.value = ""; });
  });
  return h("section", { class: "sheet stack-small advice" }, h("h2", null, t("advice.title")), form);
}
