// Taking a consent back after the talk, on the page of one's own copy and on the case file.

import { apiOf, post, Problem } from "./api.ts";
import { ask, busy, h, toast } from "./dom.ts";
import { t } from "./words.ts";

/** Takes a consent back after the talk: the person themself, or staff who write down what they said. */
class Withdraw extends HTMLElement {
  connectedCallback(): void {
    const button = this.querySelector("button");
    button?.addEventListener("click", () => void busy(button, async () => {
      const isOwn = "own" in this.dataset;
      const said = await ask({ title: t("withdraw.title"), text: t(isOwn ? "withdraw.own" : "withdraw.text"), go: t("withdraw.go"), isGrave: true, fields: isOwn ? [] : this.fields() }, t("cancel"));
      if (!said) return;
      const asked = { purpose: this.dataset["purpose"], ...(isOwn ? {} : { seat: this.dataset["seat"], way: said.get("way"), reason: said.get("reason") }) };
      try {
        await post(`${apiOf(this.dataset["case"] ?? "")}/withdrawals`, asked);
        toast(t("withdraw.done"));
        location.reload();
      } catch (error) { toast(error instanceof Problem ? error.text : String(error), { isBad: true }); }
    }));
  }

  private fields(): HTMLElement[] {
    const ways = ["letter", "telephone", "counter"].map((each) => h("option", { value: each }, t(`withdraw.${each}`)));
    return [
      h("div", { class: "field" }, h("label", { for: "withdraw-way" }, t("withdraw.way")), h("select", { id: "withdraw-way", name: "way" }, ways)),
      h("div", { class: "field" }, h("label", { for: "withdraw-reason" }, t("withdraw.reason")), h("input", { id: "withdraw-reason", name: "reason", required: true, minlength: 6, maxlength: 400 })),
    ];
  }
}

customElements.define("jl-withdraw", Withdraw);
