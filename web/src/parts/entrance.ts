// The second factor, the invitation's link and the walk-in queue. Signing in is `signin.ts`.

import { post, Problem } from "../api.ts";
import { busy, h, icon, toast } from "../dom.ts";
import { svgAddress, withNamespace } from "../values.ts";
import { keepSecret } from "./keptkeys.ts";
import { clock, t, tr, type Both } from "../words.ts";

/** Shows an error in a form's own place for it. */
export function say(form: Element, error: unknown): void {
  const place = form.querySelector<HTMLElement>(".wrong");
  if (!place) return;
  place.textContent = error === null ? "" : error instanceof Problem ? error.text : String(error);
  place.hidden = error === null;
}

/** Where everybody needs a second factor, it is there now, and the other pages open. */
export function goOn(): void {
  if (document.getElementById("second-factor")) location.assign("/");
}

class Totp extends HTMLElement {
  connectedCallback(): void {
    if (this.dataset["isOn"] === "true") this.replaceChildren(h("p", null, h("span", { class: "badge good" }, t("totp.on"))));
    else this.replaceChildren(h("button", { class: "button", type: "button", onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, () => this.begin()) }, t("totp.set")));
  }

  private async begin(): Promise<void> {
    try {
      const made = await post<{ secret?: string; url?: string; uri?: string; qr_svg?: string }>("/api/v1/me/totp");
      const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
      const code = h("input", { class: "code-input", id: "totp-code", name: "code", inputmode: "numeric", maxlength: 6, autocomplete: "one-time-code", required: true });
      const form = h("form", { class: "fields" },
        h("ol", { class: "stack-small numbered" }, h("li", null, t("totp.step1")), h("li", null, t("totp.step2")), h("li", null, t("totp.step3"))),
        made.qr_svg ? h("img", { class: "qr", alt: t("totp.qr"), src: svgAddress(withNamespace(made.qr_svg)) }) : null,
        made.secret ? h("p", { class: "digest" }, made.secret) : null,
        h("div", { class: "field" }, h("label", { for: "totp-code" }, t("totp.code")), code), wrong, h("button", { class: "button main" }, t("totp.confirm")));
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        void post("/api/v1/me/totp/confirm", { code: code.value }).then(() => { this.dataset["isOn"] = "true"; this.connectedCallback(); toast(t("totp.on")); goOn(); }, (error: unknown) => say(form, error));
      });
      this.replaceChildren(form);
      code.focus();
    } catch (error) {
      toast(error instanceof Problem ? error.text : String(error), { isBad: true });
    }
  }
}
customElements.define("jl-totp", Totp);

/** First tap: the link. The token is in the fragment, is used once, and leaves the address bar before anything else. Behind it may stand the
 * secret of an encrypted session, which stays here. */
class Join extends HTMLElement {
  connectedCallback(): void {
    this.open();
    // A second link pasted into the page of a first one changes the fragment only.
    window.addEventListener("hashchange", () => { if (location.hash.length > 1) this.open(); });
  }

  private open(): void {
    const [token = "", secret = ""] = location.hash.slice(1).split("~");
    history.replaceState(null, "", location.pathname + location.search);
    if (!token) { this.fail(new Problem(404, "", "")); return; }
    void post<{ case: string; seat: string }>("/api/v1/join", { token }).then((seat) => { if (secret) keepSecret(seat.case, seat.seat, secret); location.replace(`/room/${seat.case}?seat=${encodeURIComponent(seat.seat)}`); }, (error: unknown) => this.fail(error));
  }

  private fail(error: unknown): void {
    const status = error instanceof Problem ? error.status : 0;
    const kind = status === 409 ? "used" : status === 410 ? "expired" : status === 404 || status === 401 || status === 403 || status === 422 ? "invalid" : status === 0 ? "offline" : "other";
    this.replaceChildren(h("div", { class: "sheet stack", "data-state": kind },
      icon(kind === "used" ? "lock" : kind === "offline" ? "alert" : "link"),
      h("h1", null, t(`join.${kind}`)), h("p", { class: "soft" }, t(`join.${kind}_text`)),
      kind === "offline" || kind === "other" ? h("button", { class: "button main", type: "button", "data-action": "reload" }, t("join.again")) : h("p", { class: "says" }, t("join.ask_agent")),
      error instanceof Problem && error.code === "session_over" ? h("p", { class: "says" }, error.text) : null));
  }
}
customElements.define("jl-join", Join);

interface Offered { id: string; title: Both }
interface Ticket { state: string; ahead: number; case: string; invitation: string | null }

/** A place in the queue, kept in this tab so that a reload does not lose it; the invitation comes by itself. */
class WalkIn extends HTMLElement {
  private offered: Offered[] = [];

  connectedCallback(): void {
    this.offered = JSON.parse(this.querySelector("script")?.textContent ?? "[]") as Offered[];
    const token = sessionStorage.getItem("jianlu-ticket");
    if (token) this.wait(token);
    else this.form();
  }

  private form(): void {
    const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
    if (!this.offered.length) { this.replaceChildren(h("p", { class: "soft" }, t("walk_in.none"))); return; }
    const form = h("form", { class: "fields", novalidate: true },
      h("fieldset", { class: "field" }, h("legend", { class: "legend" }, t("walk_in.what")), h("div", { class: "choices" },
        this.offered.map((each, place) => h("label", { class: "choice" }, h("input", { type: "radio", name: "template", value: each.id, checked: place === 0 }), h("span", null, h("b", null, tr(each.title))))))),
      h("div", { class: "field" }, h("label", { for: "walk-name" }, t("walk_in.name")), h("input", { id: "walk-name", name: "name", autocomplete: "name", required: true, maxlength: 60 })),
      h("label", { class: "tick" }, h("input", { type: "checkbox", name: "elderly" }), h("span", null, t("walk_in.elderly"))),
      wrong, h("button", { class: "button main big wide" }, t("walk_in.go")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const said = new FormData(form);
      const name = form.querySelector<HTMLInputElement>("#walk-name");
      name?.setAttribute("aria-invalid", String(!name.value.trim()));
      name?.closest(".field")?.classList.toggle("is-wrong", !name.value.trim());
      if (!name?.value.trim()) { say(form, t("walk_in.name_missing")); name?.focus(); return; }
      say(form, null);
      const body = { template: said.get("template"), language: this.dataset["lang"], profile: said.get("elderly") ? "elderly" : "standard", name: String(said.get("name") ?? "").trim() };
      void busy(form.querySelector("button"), async () => {
        try {
          const made = await post<{ token: string }>("/api/v1/queue", body);
          sessionStorage.setItem("jianlu-ticket", made.token);
          sessionStorage.setItem("jianlu-ticket-since", String(Date.now()));
          this.wait(made.token);
        } catch (error) { say(form, error); }
      });
    });
    this.replaceChildren(form);
  }

  private wait(token: string): void {
    const place = h("p", { class: "big-number", role: "status" }, "–");
    const waited = h("p", { class: "note waited" });
    const since = Number(sessionStorage.getItem("jianlu-ticket-since")) || Date.now();
    let isOver = false;
    const forget = (): void => { isOver = true; sessionStorage.removeItem("jianlu-ticket"); sessionStorage.removeItem("jianlu-ticket-since"); };
    const tick = (): void => { if (isOver) return; waited.textContent = t("walk_in.waited", { time: clock(Date.now() - since) }); setTimeout(tick, 1000); };
    tick();
    this.replaceChildren(h("h2", null, t("walk_in.waiting")), h("p", { class: "soft" }, t("walk_in.place")), place, waited, h("progress", { class: "bar", "aria-label": t("walk_in.waiting") }), h("p", { class: "soft" }, t("walk_in.stay")),
      h("button", { class: "button", type: "button", onclick: () => { forget(); void post("/api/v1/queue/leave", { token }).catch(() => undefined).then(() => { this.form(); toast(t("walk_in.gone")); }); } }, t("walk_in.leave")));
    const look = (): void => {
      if (isOver) return;
      void post<Ticket>("/api/v1/queue/ticket", { token }).then((now) => {
        if (isOver) return; // asked before they left: the form they are in by now, and a new ticket, are not to be taken from them
        if (now.invitation) { forget(); location.assign(`/join#${now.invitation}`); return; }
        if (now.state === "left") { forget(); this.form(); return; }
        if (now.state === "served" && now.case) { forget(); location.assign(`/room/${now.case}`); return; }
        const ahead = now.state === "taken" ? t("walk_in.now") : String(now.ahead);
        if (place.textContent !== ahead) place.textContent = ahead;
        place.classList.toggle("is-word", now.state === "taken");
        place.parentElement?.setAttribute("data-state", now.state);
      }, (error: unknown) => { if (!isOver && error instanceof Problem && error.status === 404) { forget(); this.form(); } }).finally(() => setTimeout(look, 3000));
    };
    look();
  }
}
customElements.define("jl-walk-in", WalkIn);
