// Notice of emergency access, at the top of every page of those whom it concerns, until they say that they took note.

import { capacity, get, post, Problem } from "../api.ts";
import { busy, h, toast } from "../dom.ts";
import { briefAt } from "../times.ts";
import { t } from "../words.ts";

export interface EmergencyNotice { request: string; case: string; reason: string; asked_by_name: string; decided_by_name: string; decided_at: string; expires_at: string }

/** One notice: who looked, who let them, why, when; the case's own page says the rest to whoever may see it. */
export function emergencyNotice(notice: EmergencyNotice, when: string, noted: (button: HTMLElement) => void): HTMLElement {
  const button: HTMLButtonElement = h("button", { class: "button little", type: "button", onclick: () => noted(button) }, t("emergency.noted"));
  return h("section", { class: "says care stack-small", role: "status", "data-emergency": notice.request },
    h("p", null, h("b", null, t("emergency.title")), " ", t("emergency.text", { asked: notice.asked_by_name, decided: notice.decided_by_name, at: when })),
    h("p", null, notice.reason),
    h("div", { class: "row" }, h("a", { href: `/cases/${notice.case}` }, t("emergency.to_case")), button));
}

async function tell(): Promise<void> {
  const main = document.querySelector("main");
  if (capacity() !== "staff" || !main) return;
  try {
    const { notices } = await get<{ notices: EmergencyNotice[] }>("/api/v1/access/notices");
    for (const notice of [...notices].reverse()) {
      const shown = emergencyNotice(notice, briefAt(notice.decided_at), (button) => void busy(button, async () => {
        try {
          await post(`/api/v1/access/notices/${notice.request}/acknowledge`);
          shown.remove();
        } catch (error) {
          toast(error instanceof Problem ? error.text : String(error), { isBad: true });
        }
      }));
      main.prepend(shown);
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}
void tell();
