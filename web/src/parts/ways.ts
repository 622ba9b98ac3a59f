// The ways into accounts as others than their owners see them: links that wait for a second person, notices, one account's state.

import { get, post } from "../api.ts";
import { ask, h } from "../dom.ts";
import { has, t } from "../words.ts";
import { at, Listed } from "./account.ts";

interface Waiting { name: string; display: string; roles: string[]; made_by: string; created_at: string; expires_at: string; released_by: string; released_until: string; may_release: boolean }
interface Notice { at: string; act: string; account: string; is_own: boolean; by: string; device: string; is_new: boolean }
interface Ways { name: string; is_active: boolean; has_password: boolean; has_totp: boolean; locked_until: string; passkeys: { name: string; is_cloned: boolean; used_at: string | null }[]; sign_ins: { method: string; device: string; where: string; seen_at: string }[] }

const wordOf = (act: string): string => { const key = `happened.${act.replace(/[.-]/g, "_")}`; return has(key) ? t(key) : act; };
const who = (by: string): string => (by === "somebody" ? t("account.somebody") : by === "operator" ? t("ways.operator") : by);

class WaitingLinks extends Listed {
  protected async draw(): Promise<HTMLElement[]> {
    const { enrolments } = await get<{ enrolments: Waiting[] }>("/api/v1/enrolments");
    if (!enrolments.length) return [h("p", { class: "soft" }, t("ways.none_waits"))];
    return [h("ul", { class: "lines" }, enrolments.map((each) => h("li", { "data-link": each.name },
      h("span", { class: "grow" }, h("b", null, each.display), " ", h("span", { class: "note mono" }, each.name),
        h("span", { class: "note" }, t("ways.made", { by: who(each.made_by) }), " ", at(each.created_at)),
        each.released_by ? h("span", { class: "note" }, t("ways.released", { by: who(each.released_by) }), " ", at(each.released_until)) : null),
      each.may_release ? this.act(t("ways.release"), () => this.release(each)) : h("span", { class: "badge" }, t("ways.not_yours")))))];
  }

  /** The code is shown this once, to be said to the owner: nobody can look it up again. */
  private async release(link: Waiting): Promise<void> {
    if (!(await ask({ title: t("ways.release"), text: t("ways.release_text", { who: link.display }), go: t("ways.release") }, t("cancel")))) return;
    const { code, until } = await post<{ code: string; until: string }>(`/api/v1/enrolments/${encodeURIComponent(link.name)}/release`);
    const shown = h("p", { class: "big-code", "data-code": code }, `${code.slice(0, 4)} ${code.slice(4)}`);
    await ask({ title: t("ways.code_title", { who: link.display }), text: t("ways.code_text"), go: t("ways.said"), fields: [shown, h("p", { class: "note" }, t("ways.until"), " ", at(until))] }, t("ways.close"));
  }
}
customElements.define("jl-waiting-links", WaitingLinks);

class Notices extends Listed {
  protected async draw(): Promise<HTMLElement[]> {
    const { notices, unread } = await get<{ notices: Notice[]; unread: number }>("/api/v1/me/notices");
    if (!notices.length) return [h("p", { class: "soft" }, t("ways.no_notices"))];
    const isOffered = notices.some((each) => each.is_own && each.is_new && each.act === "enrolment.offered");
    return [h("ul", { class: "plain stack-small" }, notices.map((each) => h("li", null,
      each.is_new ? h("span", { class: "badge act" }, t("ways.new")) : null, " ", h("b", null, each.is_own ? t("ways.yours") : each.account), " ", wordOf(each.act),
      " ", h("small", { class: "soft" }, at(each.at), ` · ${who(each.by)}`, each.device ? ` · ${each.device}` : "")))),
      h("div", { class: "row" }, unread ? this.act(t("ways.read"), () => post("/api/v1/me/notices/read"), "") : null,
        isOffered ? this.act(t("ways.not_me"), () => post("/api/v1/me/link", {}, "DELETE"), "grave") : null)];
  }
}
customElements.define("jl-notices", Notices);

/** One account, drawn when somebody opens it. */
class WaysOf extends Listed {
  override connectedCallback(): void {
    const box = this.closest("details");
    if (!box) super.connectedCallback();
    box?.addEventListener("toggle", () => { if (box.open && !this.childElementCount) super.connectedCallback(); });
  }

  protected async draw(): Promise<HTMLElement[]> {
    const path = `/api/v1/accounts/${encodeURIComponent(this.dataset["name"] ?? "")}`;
    const [ways, { history }] = await Promise.all([get<Ways>(path), get<{ history: { at: string; act: string; by: string; device: string }[] }>(`${path}/history`)]);
    const ins = [ways.has_password ? t("method.password") : "", ways.has_totp ? t("ways.totp") : "", ...ways.passkeys.map((each) => `${t("method.passkey")}: ${each.name}${each.is_cloned ? ` (${t("passkey.cloned")})` : ""}`)].filter(Boolean);
    return [
      h("p", null, h("b", null, t("ways.in")), " ", ins.join(" · ") || t("ways.no_way_in")),
      ways.locked_until ? h("p", { class: "says care" }, t("ways.locked"), " ", at(ways.locked_until), " ", this.act(t("ways.unlock"), () => post(`${path}/unlock`))) : h("span", { hidden: true }),
      h("div", null, h("b", null, t("ways.signed_in")), ways.sign_ins.length ? h("ul", { class: "plain" }, ways.sign_ins.map((each) => h("li", null, `${each.device || t("account.program")}${each.where ? ` · ${each.where}` : ""} · ${has(`method.${each.method}`) ? t(`method.${each.method}`) : each.method} · `, at(each.seen_at)))) : h("span", { class: "soft" }, ` ${t("ways.nowhere")}`)),
      h("div", null, h("b", null, t("ways.happened")), h("ul", { class: "plain" }, history.slice(0, 8).map((each) => h("li", null, wordOf(each.act), " ", h("small", { class: "soft" }, at(each.at), ` · ${who(each.by)}`))))),
      h("div", { class: "row" }, this.act(t("ways.withdraw"), () => post(`${path}/link`, {}, "DELETE"))),
    ];
  }
}
customElements.define("jl-ways", WaysOf);
