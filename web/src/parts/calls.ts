// Supervisors hear on the work list that a check made during a call asks for them.

import { get, Problem } from "../api.ts";
import { h } from "../dom.ts";
import { t } from "../words.ts";

const ASK_EVERY_MS = 4000;

class Calls extends HTMLElement {
  private timer = 0;
  private shown = "";

  connectedCallback(): void {
    void this.ask();
    this.timer = window.setInterval(() => void this.ask(), ASK_EVERY_MS);
  }

  disconnectedCallback(): void { clearInterval(this.timer); }

  private async ask(): Promise<void> {
    try {
      const { calls } = await get<{ calls: { case: string; title: string; step: string }[] }>("/api/v1/supervision");
      if (JSON.stringify(calls) === this.shown) return;
      this.shown = JSON.stringify(calls);
      this.replaceChildren(...calls.map((call) => h("div", { class: "says bad row", role: "alert" }, h("span", { class: "grow" }, t("checks.calls_you", { title: call.title })), h("a", { class: "button little main", href: `/cases/${call.case}` }, t("checks.go_there")))));
    } catch (error) {
      if (error instanceof Problem && [401, 403].includes(error.status)) clearInterval(this.timer);
    }
  }
}
customElements.define("jl-calls", Calls);
