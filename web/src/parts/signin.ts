// Signing in: with a passkey, with the organisation's account, or with password and code; taking an enrolment link.

import { post, Problem } from "../api.ts";
import { busy, h, icon, ready } from "../dom.ts";
import { hasPasskeys, isGivenUp, made, proved } from "../passkey.ts";
import { t } from "../words.ts";
import { say } from "./entrance.ts";
import { AWAY_FOR, toOrganisation, type Away } from "./stepup.ts";

const BEEN_HERE = "jianlu-signed-in";
function enter(wanted: string | undefined): void {
  localStorage.setItem(BEEN_HERE, "1");
  location.replace(wanted || "/");
}

class SignIn extends HTMLElement {
  connectedCallback(): void {
    const [first, second] = [...this.querySelectorAll("form")];
    if (!first || !second) return;
    const run = (form: HTMLFormElement, withCode: boolean): void => {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        void busy(form.querySelector("button"), () => this.try(first, second, form, withCode));
      });
      ready(form);
    };
    run(first, false);
    run(second, true);
    second.querySelector("[data-action=back]")?.addEventListener("click", () => { second.hidden = true; first.hidden = false; first.querySelector<HTMLInputElement>("#password")?.focus(); });
    const code = second.querySelector<HTMLInputElement>("#code");
    code?.addEventListener("input", () => { code.value = code.value.replace(/\D/g, ""); if (code.value.length === 6) second.requestSubmit(); });
    this.offer("passkey", hasPasskeys(), async () => {
      await post("/api/v1/sign-in/passkey", { credential: await proved("/api/v1/sign-in/passkey/options") });
      enter(this.dataset["next"]);
    });
    this.offer("organisation", true, () => toOrganisation({ wanted: this.dataset["next"] || "/", isStepUp: false }));
    void this.comeBack();
  }

  /** A button of another way in; without script, or without passkeys, it stays off. */
  private offer(way: string, isPossible: boolean, go: () => Promise<void>): void {
    const button = this.querySelector<HTMLButtonElement>(`[data-way=${way}]`);
    const wrong = this.querySelector<HTMLElement>("[data-ways]");
    if (!button || !wrong) return;
    button.disabled = !isPossible;
    button.addEventListener("click", () => void busy(button, async () => {
      say(wrong, null);
      try { await go(); } catch (error) {
        say(wrong, isGivenUp(error) ? t("sign_in.given_up") : error instanceof Problem && error.status === 401 && !error.code ? t("sign_in.passkey_wrong") : error);
      }
    }));
  }

  /** The sign-in still holds and this is its device: the proof alone was missing, so nobody has to sign in. */
  private async comeBack(): Promise<void> {
    if (!localStorage.getItem(BEEN_HERE)) return;
    try {
      await post("/api/v1/me/here");
      enter(this.dataset["next"]);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) localStorage.removeItem(BEEN_HERE);
    }
  }

  private async try(first: HTMLFormElement, second: HTMLFormElement, form: HTMLFormElement, withCode: boolean): Promise<void> {
    const said = new FormData(first);
    const body: Record<string, string> = { name: String(said.get("name") ?? "").trim(), password: String(said.get("password") ?? "") };
    if (!body["name"] || !body["password"]) { say(form, t("sign_in.both")); return; }
    if (withCode) body["code"] = String(new FormData(second).get("code") ?? "");
    say(form, null);
    try {
      await post("/api/v1/sign-in", body);
      enter(this.dataset["next"]);
    } catch (error) {
      if (error instanceof Problem && error.kind.endsWith("code-needed") && !withCode) {
        first.hidden = true;
        second.hidden = false;
        second.querySelector<HTMLInputElement>("#code")?.focus();
      } else if (error instanceof Problem && error.status === 401 && !error.code) {
        say(form, t(withCode ? "sign_in.wrong_code" : "sign_in.wrong"));
        const code = second.querySelector<HTMLInputElement>("#code");
        if (withCode && code) { code.value = ""; code.focus(); }
      } else say(form, error);
    }
  }
}
customElements.define("jl-sign-in", SignIn);

/** The page that the organisation's sign-in sends the browser back to: what it brought is posted from here, by our own page. */
class SignInBack extends HTMLElement {
  connectedCallback(): void {
    const brought = new URLSearchParams(location.search);
    history.replaceState(null, "", location.pathname);
    let away: Away = { wanted: "/", isStepUp: false };
    try { away = { ...away, ...(JSON.parse(sessionStorage.getItem(AWAY_FOR) ?? "{}") as Partial<Away>) }; } catch { /* begun elsewhere: the server refuses it */ }
    sessionStorage.removeItem(AWAY_FOR);
    const body = { code: brought.get("code") ?? "", state: brought.get("state") ?? "", iss: brought.get("iss") ?? "" };
    const go = body.code ? post(away.isStepUp ? "/api/v1/me/step-up/organisation" : "/api/v1/sign-in/organisation", body) : Promise.reject(new Problem(401, "", ""));
    void go.then(() => enter(away.wanted), (error: unknown) => this.fail(error));
  }

  private fail(error: unknown): void {
    this.replaceChildren(h("div", { class: "sheet stack", "data-state": "refused" }, icon("lock"), h("h1", null, t("sign_in.organisation_wrong")),
      h("p", { class: "soft" }, error instanceof Problem && error.status !== 401 ? error.text : t("sign_in.organisation_wrong_text")),
      h("a", { class: "button main", href: "/sign-in" }, t("sign_in.again"))));
  }
}
customElements.define("jl-sign-in-back", SignInBack);

interface Owner { name: string; display: string; is_released: boolean }

/** An enrolment link: its token is in the fragment and leaves the address bar before anything else. */
class Enrol extends HTMLElement {
  connectedCallback(): void {
    const token = location.hash.slice(1);
    history.replaceState(null, "", location.pathname + location.search);
    void post<Owner>("/api/v1/enrol/look", { token: token || "-" }).then((owner) => this.choose(token, owner), (error: unknown) => this.fail(error));
  }

  private choose(token: string, owner: Owner): void {
    const code = h("input", { id: "enrol-code", name: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 11, required: true });
    const asked = h("div", { class: "field" }, h("label", { for: "enrol-code" }, t("enrol.code")), code, h("span", { class: "hint" }, t(owner.is_released ? "enrol.code_hint" : "enrol.code_unreleased")));
    const released = (): { token: string; code: string } => ({ token, code: code.value.replace(/\s/g, "") });
    const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
    const ways = h("div", { class: "stack-small" }, wrong);
    const passkey = h("button", { class: "button main wide", type: "button", "data-way": "passkey", disabled: !hasPasskeys() }, t("enrol.passkey"));
    passkey.addEventListener("click", () => void busy(passkey, async () => {
      say(ways, null);
      try {
        await post("/api/v1/enrol", { ...released(), credential: await made("/api/v1/enrol/options", released()), name: t("passkey.first") });
        enter("/account");
      } catch (error) { say(ways, isGivenUp(error) ? t("sign_in.given_up") : error); }
    }));
    ways.prepend(passkey);
    const form = h("form", { class: "fields", method: "dialog", novalidate: true },
      h("input", { type: "text", name: "username", autocomplete: "username", value: owner.name, hidden: true, "aria-hidden": "true", "aria-label": t("enrol.name"), tabindex: -1 }),
      h("div", { class: "field" }, h("label", { for: "enrol-password" }, t("enrol.password")), h("input", { id: "enrol-password", name: "password", type: "password", autocomplete: "new-password", minlength: 12, required: true }), h("span", { class: "hint" }, t("enrol.password_hint"))),
      h("div", { class: "field" }, h("label", { for: "enrol-again" }, t("enrol.again")), h("input", { id: "enrol-again", name: "again", type: "password", autocomplete: "new-password", required: true })),
      h("p", { class: "wrong", role: "alert", hidden: true }), h("button", { class: "button wide" }, t("enrol.go")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const said = new FormData(form);
      const password = String(said.get("password") ?? "");
      if (password !== said.get("again")) { say(form, t("enrol.differ")); return; }
      if ([...password].length < 12) { say(form, t("enrol.password_hint")); return; }
      say(form, null);
      void busy(form.querySelector("button"), async () => {
        try { await post("/api/v1/enrol", { ...released(), password }); enter("/account"); } catch (error) { say(form, error); }
      });
    });
    this.replaceChildren(h("dl", { class: "facts" }, h("dt", null, t("enrol.name")), h("dd", null, `${owner.display} · ${owner.name}`)), asked, ways, h("p", { class: "soft" }, t("enrol.or")), form);
  }

  private fail(error: unknown): void {
    const isGone = error instanceof Problem && [404, 422].includes(error.status);
    this.replaceChildren(h("div", { class: "stack", "data-state": isGone ? "gone" : "other" }, icon("lock"), h("h2", null, t(isGone ? "enrol.gone" : "enrol.failed")), h("p", { class: "soft" }, isGone ? t("enrol.gone_text") : error instanceof Problem ? error.text : String(error))));
  }
}
customElements.define("jl-enrol", Enrol);
