// Taking the next waiting customer.

import { post, Problem } from "../api.ts";
import { busy, toast } from "../dom.ts";
import { t } from "../words.ts";

class Queue extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-take]");
      if (!button) return;
      void busy(button, async () => {
        try {
          const taken = await post<{ ticket: { ticket: string; scene?: string; profile?: string; language?: string; display?: string } | null }>("/api/v1/queue/take");
          if (!taken.ticket) { toast(t("queue.none")); return; }
          const { ticket, scene, profile, language } = taken.ticket;
          location.assign(`/cases/new?${new URLSearchParams({ ticket, template: scene ?? "", profile: profile ?? "", language: language ?? "" })}`);
        } catch (error) {
          toast(error instanceof Problem ? error.text : String(error), { isBad: true });
        }
      });
    });
  }
}
customElements.define("jl-queue", Queue);
