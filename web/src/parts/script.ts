// Versions of a script: what differs, proposing a new one, approval by a second person.

import { get, post, Problem } from "../api.ts";
import { differences, type Row } from "../diff.ts";
import { ask, busy, h, toast } from "../dom.ts";
import { textOf } from "../values.ts";
import { has, t, tr, type Both } from "../words.ts";

interface Version { version: string; state: string; digest?: string; content?: unknown; proposed_by?: string; proposed_at?: string; approved_by?: string | null; approved_at?: string | null; effective_from?: string | null; effective_to?: string | null; note?: string; can_approve?: boolean; is_yours?: boolean }
interface Script { id: string; title?: Both; versions?: Version[]; allowed?: string[] }

class ScriptPage extends HTMLElement {
  private script: Script = { id: "" };
  private shown = 0;
  private against = 0;
  private account = "";
  private mayPropose = false;

  connectedCallback(): void {
    this.script = JSON.parse(this.querySelector("script")?.textContent ?? "{}") as Script;
    this.script.versions = [...(this.script.versions ?? [])].sort((a, b) => (b.proposed_at ?? "").localeCompare(a.proposed_at ?? ""));
    this.shown = this.against = 0;
    const waiting = this.versions.findIndex((version) => version.state === "proposed");
    if (waiting >= 0) this.shown = waiting;
    this.against = Math.min(this.shown + 1, this.versions.length - 1);
    this.show();
    void get<{ account?: string; roles?: string[] }>("/api/v1/me").then((me) => { this.account = me.account ?? ""; this.mayPropose = ["supervisor", "compliance"].some((role) => me.roles?.includes(role)); this.show(); }, () => undefined);
  }

  private get versions(): Version[] { return this.script.versions ?? []; }

  private show(): void {
    const chosen = this.versions[this.shown];
    this.replaceChildren(h("div", { class: "stack" },
      h("section", { class: "sheet stack" }, h("div", { class: "spread" }, h("h2", null, t("script.versions")), this.mayPropose ? h("button", { class: "button little", type: "button", onclick: () => this.propose() }, t("script.propose")) : null), this.list()),
      chosen ? this.review(chosen) : null));
  }

  private list(): HTMLElement {
    return h("div", { class: "versions" }, this.versions.map((version, at) => h("div", { class: "version" },
      h("b", null, version.version),
      h("span", { class: "soft small" }, [version.proposed_by === this.account && this.account ? t("script.by_you") : "", (version.proposed_at ?? "").slice(0, 10), version.effective_from && version.effective_from > "2000-01-01" ? t("script.from", { day: version.effective_from }) : ""].filter(Boolean).join(" · ")),
      h("span", { class: "row" }, h("span", { class: `badge ${version.state === "approved" ? "good" : version.state === "proposed" ? "care" : ""}` }, has(`script.s_${version.state}`) ? t(`script.s_${version.state}`) : version.state),
        h("button", { class: "button little", type: "button", "aria-pressed": String(at === this.shown), "data-key": `show-${at}`, onclick: () => { this.shown = at; this.against = Math.min(at + 1, this.versions.length - 1); this.show(); } }, t("script.show"))))));
  }

  private review(chosen: Version): HTMLElement {
    const earlier = this.versions[this.against];
    const isWhole = this.against === this.shown;
    const rows: Row[] = isWhole ? textOf(chosen.content).split("\n").map((text, at) => ({ kind: "same", text, before: at + 1, after: at + 1 })) : differences(textOf(earlier?.content), textOf(chosen.content));
    return h("section", { class: "sheet stack" },
      h("div", { class: "spread" }, h("h2", null, this.against === this.shown ? t("script.text", { version: chosen.version }) : t("script.changes", { from: earlier?.version ?? "–", to: chosen.version })),
        this.versions.length > 1 ? h("select", { class: "fit", "aria-label": t("script.compare"), onchange: (event: Event) => { this.against = Number((event.target as HTMLSelectElement).value); this.show(); } },
          this.versions.map((version, at) => h("option", { value: at, selected: at === this.against }, at === this.shown ? t("script.whole") : t("script.against", { version: version.version })))) : null),
      chosen.digest ? h("p", { class: "digest soft" }, `SHA-256 ${chosen.digest}`) : null,
      h("div", { class: "diff", tabindex: 0, role: "region", "aria-label": t("script.compare") }, rows.length ? rows.map((row) => row.kind === "skipped"
        ? h("div", { class: "skipped" }, h("span", { class: "no" }, "⋯"), h("span"), h("span", null, t("script.same", { lines: row.text })))
        : h("div", { class: this.against === this.shown ? "" : row.kind }, h("span", { class: "no" }, row.after ?? row.before ?? ""), h("span", { "aria-label": row.kind === "added" ? t("script.added") : row.kind === "removed" ? t("script.removed") : "" }, this.against === this.shown ? "" : row.kind === "added" ? "+" : row.kind === "removed" ? "−" : ""), h("span", null, row.text || " "))) : h("div", null, t("script.no_text"))),
      chosen.state === "proposed" ? this.decide(chosen) : null);
  }

  private decide(chosen: Version): HTMLElement {
    const isMine = chosen.is_yours ?? chosen.proposed_by === this.account;
    const may = chosen.can_approve ?? !isMine;
    return h("div", { class: `says ${may ? "" : "care"} stack-small` }, h("p", null, isMine ? t("script.not_by_you") : t("script.check")),
      h("div", { class: "row" },
        h("button", { class: "button main", type: "button", disabled: !may, onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, () => this.send(`versions/${encodeURIComponent(chosen.version)}/approve`, {}, t("script.approved"))) }, t("script.approve")),
        h("button", { class: "button grave", type: "button", disabled: !may && !isMine, onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, () => this.send(`versions/${encodeURIComponent(chosen.version)}/withdraw`, {}, t("script.rejected"))) }, t("script.reject"))));
  }

  private async propose(): Promise<void> {
    const latest = this.versions[0];
    const said = await ask({ title: t("script.propose"), text: t("script.propose_text"), go: t("script.propose"), fields: [
      h("div", { class: "field" }, h("label", { for: "s-version" }, t("script.version")), h("input", { id: "s-version", name: "version", required: true, placeholder: latest?.version ?? "1.0.0" })),
      h("div", { class: "field" }, h("label", { for: "s-from" }, t("script.effective")), h("input", { id: "s-from", name: "effective_from", type: "date", required: true })),
      h("div", { class: "field" }, h("label", { for: "s-text" }, t("script.body")), h("textarea", { id: "s-text", name: "text", required: true, rows: 12, class: "mono", spellcheck: "false" }, textOf(latest?.content))),
    ] }, t("cancel"));
    if (!said) return;
    let content: Record<string, unknown>;
    try {
      content = JSON.parse(String(said.get("text"))) as Record<string, unknown>;
    } catch { toast(t("script.not_json"), { isBad: true }); return; }
    await this.send("", { content: { ...content, version: said.get("version"), effective_from: said.get("effective_from") } }, t("script.proposed"));
  }

  private async send(path: string, body: unknown, done: string): Promise<void> {
    try {
      await post(path ? `/api/v1/scripts/${encodeURIComponent(this.script.id)}/${path}` : "/api/v1/scripts", body);
      toast(done);
      location.reload();
    } catch (error) {
      toast(error instanceof Problem ? error.text : String(error), { isBad: true });
    }
  }

  get heading(): string { return tr(this.script.title); }
}
customElements.define("jl-script", ScriptPage);
