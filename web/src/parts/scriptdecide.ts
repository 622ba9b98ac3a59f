// Approving and withdrawing a version of a script, each with a reason that is kept with the act.

import { post, Problem } from "../api.ts";
import { ask, busy, h, toast } from "../dom.ts";
import { t } from "../words.ts";

document.addEventListener("click", (event) => {
  const button = (event.target as Element | null)?.closest<HTMLElement>("[data-script-act]");
  if (button) void busy(button, () => decide(button));
});

async function decide(button: HTMLElement): Promise<void> {
  const { scriptAct: act = "", script = "", version = "" } = button.dataset;
  const said = await ask({ title: t(`scripts.${act}_title`, { version }), text: t(`scripts.${act}_text`), go: t(`scripts.${act}`), isGrave: act === "withdraw", fields: [
    h("div", { class: "field" }, h("label", { for: "act-reason" }, t("scripts.reason")), h("textarea", { id: "act-reason", name: "reason", maxlength: 400, rows: 3, required: act === "withdraw" }))] }, t("cancel"));
  if (!said) return;
  try {
    await post(`/api/v1/scripts/${encodeURIComponent(script)}/versions/${encodeURIComponent(version)}/${act}`, { reason: String(said.get("reason") ?? "").replace(/\s+/g, " ").trim() });
    location.reload();
  } catch (error) {
    toast(error instanceof Problem ? error.text : String(error), { isBad: true });
  }
}
