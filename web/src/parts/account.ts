// One's own account: passkeys, password, where one is signed in, and what happened to one's ways in.

import { get, post, Problem } from "../api.ts";
import { ask, busy, h, toast } from "../dom.ts";
import { hasPasskeys, isGivenUp, made } from "../passkey.ts";
import { shownAt } from "../times.ts";
import { has, t } from "../words.ts";
import { goOn, say } from "./entrance.ts";
import "./zone.ts";

interface Passkey { id: string; name: string; is_backed_up: boolean; is_cloned: boolean; created_at: string; used_at: string | null }
interface SignedIn { name: string; method: string; device: string; is_bound: boolean; created_at: string; seen_at: string; is_this: boolean }
interface Happened { at: string; act: string; by: string; how: string; device: string }

export const at = (instant: string | null): HTMLElement => {
  return h("time", { datetime: instant ?? "" }, shownAt(instant) || t("account.never"));
};
const complain = (error: unknown): void => toast(isGivenUp(error) ? t("sign_in.given_up") : error instanceof Problem ? error.text : String(error), { isBad: true });

/** A list that is fetched, and says so when there is none or it cannot be had. */
export abstract class Listed extends HTMLElement {
  private asked = 0;
  connectedCallback(): void { void this.show(); }
  protected abstract draw(): Promise<HTMLElement[]>;

  /** Asks anew; an answer that comes behind a later question's is not shown. */
  async show(): Promise<void> {
    this.asked += 1;
    const { asked } = this;
    try {
      const drawn = await this.draw();
      if (asked === this.asked) this.replaceChildren(...drawn);
    } catch (error) {
      if (asked === this.asked) this.replaceChildren(h("p", { class: "says care" }, error instanceof Problem ? error.text : String(error)), h("button", { class: "button", type: "button", onclick: () => void this.show() }, t("account.again")));
    }
  }

  protected act(text: string, go: () => Promise<unknown>, look = "little"): HTMLButtonElement {
    const button: HTMLButtonElement = h("button", { class: `button ${look}`, type: "button", onclick: () => void busy(button, async () => { try { await go(); await this.show(); } catch (error) { complain(error); } }) }, text);
    return button;
  }
}

class Passkeys extends Listed {
  protected async draw(): Promise<HTMLElement[]> {
    const { passkeys } = await get<{ passkeys: Passkey[] }>("/api/v1/me/passkeys");
    const rows = passkeys.map((each) => h("li", { class: "row row-between", "data-passkey": each.id },
      h("span", null, h("b", null, each.name), " ", each.is_cloned ? h("span", { class: "badge bad" }, t("passkey.cloned")) : each.is_backed_up ? h("span", { class: "badge bare" }, t("passkey.synced")) : null, h("br", null), h("small", { class: "soft" }, t("passkey.used"), " ", at(each.used_at))),
      this.act(t("passkey.remove"), () => this.takeAway(each))));
    const add = this.act(t("passkey.add"), () => this.add(), "");
    add.disabled = !hasPasskeys();
    return [rows.length ? h("ul", { class: "plain stack-small" }, rows) : h("p", { class: "soft" }, t("passkey.none")), h("div", null, add)];
  }

  private async add(): Promise<void> {
    const said = await ask({ title: t("passkey.add"), text: t("passkey.name_text"), go: t("passkey.go"), fields: [h("div", { class: "field" }, h("label", { for: "passkey-name" }, t("passkey.name")), h("input", { id: "passkey-name", name: "name", maxlength: 80, value: t("passkey.first") }))] }, t("cancel"));
    if (!said) return;
    const credential = await made("/api/v1/me/passkeys/options");
    await post("/api/v1/me/passkeys", { credential, name: String(said.get("name") ?? "") });
    toast(t("passkey.added"));
    goOn();
  }

  private async takeAway(passkey: Passkey): Promise<void> {
    if (await ask({ title: t("passkey.remove"), text: passkey.name, go: t("passkey.remove"), isGrave: true }, t("cancel"))) await post(`/api/v1/me/passkeys/${passkey.id}`, {}, "DELETE");
  }
}
customElements.define("jl-passkeys", Passkeys);

class SignIns extends Listed {
  protected async draw(): Promise<HTMLElement[]> {
    const found = (await get<{ sign_ins: SignedIn[] }>("/api/v1/me/sign-ins")).sign_ins;
    const rows = found.map((each) => h("li", { class: "row row-between" },
      h("span", null, h("b", null, each.device || t("account.program")), " ", each.is_this ? h("span", { class: "badge good" }, t("account.this")) : null, " ", each.is_bound ? h("span", { class: "badge bare" }, t("account.bound")) : null,
        h("br", null), h("small", { class: "soft" }, `${has(`method.${each.method}`) ? t(`method.${each.method}`) : each.method} · `, at(each.seen_at))),
      each.is_this ? null : this.act(t("account.end"), () => post(`/api/v1/me/sign-ins/${each.name}`, {}, "DELETE"))));
    const everywhere: HTMLButtonElement = h("button", { class: "button grave", type: "button", onclick: () => void busy(everywhere, async () => {
      if (!(await ask({ title: t("account.everywhere"), text: t("account.everywhere_text"), go: t("account.everywhere"), isGrave: true }, t("cancel")))) return;
      try { await post("/api/v1/me/sign-out-everywhere"); location.assign("/sign-in"); } catch (error) { complain(error); }
    }) }, t("account.everywhere"));
    return [h("ul", { class: "plain stack-small" }, rows), h("div", null, everywhere)];
  }
}
customElements.define("jl-sign-ins", SignIns);

class History extends Listed {
  protected async draw(): Promise<HTMLElement[]> {
    const { history } = await get<{ history: Happened[] }>("/api/v1/me/history");
    if (!history.length) return [h("p", { class: "soft" }, t("account.nothing"))];
    return [h("ul", { class: "plain stack-small" }, history.slice(0, 20).map((each) => {
      const key = `happened.${each.act.replace(/[.-]/g, "_")}`;
      return h("li", null, h("span", { class: /refused|locked|cloned/.test(each.act) ? "wrong-text" : "" }, has(key) ? t(key) : each.act), " ", h("small", { class: "soft" }, at(each.at), each.device ? ` · ${each.device}` : "", ` · ${each.by === "somebody" ? t("account.somebody") : each.by === "operator" ? t("ways.operator") : each.by}`));
    }))];
  }
}
customElements.define("jl-history", History);

class Password extends HTMLElement {
  connectedCallback(): void {
    const form = h("form", { class: "fields", method: "dialog", novalidate: true },
      h("div", { class: "field" }, h("label", { for: "new-password" }, t("enrol.password")), h("input", { id: "new-password", name: "password", type: "password", autocomplete: "new-password", minlength: 12 }), h("span", { class: "hint" }, t("enrol.password_hint"))),
      h("p", { class: "wrong", role: "alert", hidden: true }), h("div", null, h("button", { class: "button" }, t("account.set_password"))));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const password = String(new FormData(form).get("password") ?? "");
      if ([...password].length < 12) { say(form, t("enrol.password_hint")); return; }
      say(form, null);
      void busy(form.querySelector("button"), async () => {
        try { await post("/api/v1/me/password", { password }); form.reset(); toast(t("account.password_set")); } catch (error) { say(form, error); }
      });
    });
    this.replaceChildren(form);
  }
}
customElements.define("jl-password", Password);
