// Taking the next waiting customer.

import { post, Problem } from "../api.ts";
import { busy, toast } from "../dom.ts";

class Queue extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-take]");
      if (!button) return;
      void busy(button, async () => {
        try {
          const taken = await post<{ case?: string }>("/api/v1/queue/take", button.dataset["take"] ? { entry: button.dataset["take"] } : {});
          if (taken.case) location.assign(`/cases/${taken.case}`);
        } catch (error) {
          toast(error instanceof Problem ? error.text : String(error), { isBad: true });
        }
      });
    });
  }
}
customElements.define("jl-queue", Queue);
