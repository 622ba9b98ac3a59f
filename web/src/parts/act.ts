// A button or a small form that is one call of the API: retry a job, set somebody's roles, draw a sample. What is done is asked about before, where it says so.

import { post, Problem } from "../api.ts";
import { ask, busy, h, ready, toast } from "../dom.ts";
import { t } from "../words.ts";
import { bodyOf } from "./actbody.ts";

class Act extends HTMLElement {
  connectedCallback(): void {
    const form = this.querySelector("form");
    const button = this.querySelector("button");
    if (!button) return;
    if (form) {
      ready(form);
      form.addEventListener("submit", (event) => { event.preventDefault(); void busy(button, () => this.run(button, form)); });
    } else button.addEventListener("click", () => void busy(button, () => this.run(button, null)));
  }

  private async run(button: HTMLElement, form: HTMLFormElement | null): Promise<void> {
    const question = this.dataset["ask"];
    if (question && !(await ask({ title: button.textContent ?? "", text: question, go: button.textContent ?? "", isGrave: button.classList.contains("grave") }, t("cancel")))) return;
    try {
      const numbers = [...(form?.querySelectorAll<HTMLInputElement>("[data-number]") ?? [])].map((each) => each.name);
      const answer = await post<Record<string, unknown>>(this.dataset["path"] ?? "", form ? bodyOf([...new FormData(form).entries()], numbers, this.dataset["list"]) : {}, this.dataset["method"] ?? "POST");
      this.done(answer);
    } catch (error) {
      const text = error instanceof Problem ? error.text : String(error);
      const detail = error instanceof Problem && this.dataset["detail"] !== undefined && !text.includes(error.detail) ? ` (${error.detail})` : "";
      toast(text + detail, { isBad: true });
    }
  }

  private done(answer: Record<string, unknown> | undefined): void {
    const then = this.dataset["then"], shows = this.dataset["shows"];
    if (then) location.assign(then + String(answer?.["sample"] ?? ""));
    else if (shows) this.replaceChildren(h("div", { class: "says stack-small", role: "status" }, h("p", null, t("actor.shown_once")), h("input", { class: "mono", readonly: true, value: String(answer?.[shows] ?? answer?.["url"] ?? ""), "aria-label": t("actor.shown_once") })));
    else location.reload();
  }
}
customElements.define("jl-act", Act);
