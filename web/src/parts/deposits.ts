// Documents that are put into the case while it is recorded: choosing one, its way up, what went wrong, and what lies there already. Of a
// signature only its range is known; that its worth was not checked stands beside every one.

import { apiOf, Problem, upload } from "../api.ts";
import { h, icon, Region, toast } from "../dom.ts";
import { may, type Session, type View } from "../session.ts";
import { clock, has, t, tr } from "../words.ts";

const PDF_BYTES_MAX = 16 * 1024 * 1024;
const CONTRACT = "contract";
const OTHER = "other";
const LOOKS: Record<string, string> = { covers_file: "act", covers_part: "care", none_found: "care" };

/** Whether a document may be put in now, or lies there. */
export const hasDeposits = (view: View): boolean => may(view, "deposit") || view.deposits.length > 0;

/** A part of a page that is made once: what a person has chosen, and a file on its way, survive every view of the session. */
export class Deposits {
  readonly at = h("section", { class: "deposits stack", "aria-label": t("deposit.title") });
  private readonly list = new Region(h("div", null));
  private readonly codes = new Region(h("div", null));
  private readonly file = h("input", { type: "file", accept: "application/pdf,.pdf", id: "deposit-file" });
  private readonly wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  private readonly go = h("button", { class: "button main" }, icon("lock"), t("deposit.go"));
  private readonly stop = h("button", { class: "button", type: "button", hidden: true, onclick: () => this.bound?.abort() }, t("cancel"));
  private readonly bar = h("progress", { class: "bar", max: 100, value: 0, "aria-label": t("deposit.sending") });
  private readonly way = h("div", { class: "stack-small", hidden: true }, h("p", { class: "note", role: "status" }, t("deposit.sending")), this.bar);
  private readonly form = h("form", { class: "stack-small deposit-form", novalidate: true },
    h("div", { class: "field" }, h("label", { for: "deposit-file" }, t("deposit.file")), this.file, h("p", { class: "hint" }, t("deposit.file_hint"))),
    this.codes.at, this.wrong, this.way, h("div", { class: "row" }, this.go, this.stop));
  private bound: AbortController | null = null;

  constructor(private readonly session: Session) {
    this.form.addEventListener("submit", (event) => { event.preventDefault(); void this.send(); });
    this.file.addEventListener("change", () => this.say(""));
    this.at.append(this.form, this.list.at);
  }

  /** Shows what lies in the case, and the form to whoever may add to it. */
  follow(view: View): void {
    this.form.hidden = !may(view, "deposit") && !this.bound;
    this.codes.show(view.steps.map((step) => step.documents.map((each) => [each.id, each.title])), () => this.choice(view));
    this.list.show([view.deposits, may(view, "deposit"), view.state], () => deposited(view));
  }

  private choice(view: View): HTMLElement {
    const known = new Map(view.steps.flatMap((step) => step.documents).map((each) => [each.id, tr(each.title) || each.id]));
    const code = h("input", { id: "deposit-code", name: "code", maxlength: 40, autocomplete: "off", autocapitalize: "none", spellcheck: "false", class: "mono" });
    const typed = h("div", { class: "field", hidden: true }, h("label", { for: "deposit-code" }, t("deposit.code")), code, h("p", { class: "hint" }, t("deposit.code_hint")));
    const select = h("select", { id: "deposit-kind", name: "kind", onchange: () => { typed.hidden = select.value !== OTHER; this.say(""); } },
      h("option", { value: CONTRACT }, t("deposit.contract")), [...known].filter(([id]) => id !== CONTRACT).map(([id, title]) => h("option", { value: id }, title)), h("option", { value: OTHER }, t("deposit.other")));
    return h("div", { class: "stack-small" }, h("div", { class: "field" }, h("label", { for: "deposit-kind" }, t("deposit.kind")), select), typed);
  }

  private get code(): string {
    const kind = this.codes.at.querySelector("select")?.value ?? CONTRACT;
    return kind === OTHER ? (this.codes.at.querySelector<HTMLInputElement>("#deposit-code")?.value.trim() ?? "") : kind;
  }

  private say(text: string): void { this.wrong.hidden = !text; this.wrong.textContent = text; }

  /** What can be known of a file before it is sent. */
  private async faultOf(file: File | undefined): Promise<string> {
    if (!file) return t("deposit.no_file");
    if (!/^[a-z][a-z0-9_]{0,39}$/.test(this.code)) return t("deposit.no_code");
    if (!file.size) return t("deposit.empty");
    if (file.size > PDF_BYTES_MAX) return t("deposit.large", { size: (file.size / 1024 / 1024).toFixed(1) });
    const head = await file.slice(0, 5).text().catch(() => "");
    return head === "%PDF-" ? "" : t("deposit.no_pdf");
  }

  private async send(): Promise<void> {
    if (this.bound) return;
    const bound = (this.bound = new AbortController());
    this.say("");
    const file = this.file.files?.[0];
    const fault = await this.faultOf(file);
    if (fault || !file) { this.bound = null; this.say(fault); this.file.focus(); return; }
    this.way.hidden = this.stop.hidden = false;
    this.go.setAttribute("aria-busy", "true");
    this.bar.value = 0;
    try {
      await upload(`${apiOf(this.session.ref)}/deposits/${encodeURIComponent(this.code)}`, file, "application/pdf", (share) => this.progress(share), bound.signal);
      this.file.value = "";
      toast(t("deposit.done"));
    } catch (error) {
      this.say(bound.signal.aborted ? t("deposit.stopped") : refusal(error));
    }
    this.bound = null;
    this.way.hidden = this.stop.hidden = true;
    this.go.removeAttribute("aria-busy");
    await this.session.refresh().catch(() => undefined);
    if (this.session.view) this.follow(this.session.view);
  }

  /** How much is up; when all is, it is being sealed, which takes as long as it takes. */
  private progress(share: number): void {
    if (share < 1) this.bar.value = Math.round(share * 100);
    else this.bar.removeAttribute("value");
    const line = this.way.querySelector("p")!;
    const text = t(share < 1 ? "deposit.sending" : "deposit.sealing");
    if (line.textContent !== text) line.textContent = text;
  }
}

function refusal(error: unknown): string {
  if (!(error instanceof Problem)) return String(error);
  const key = `deposit.refused_${error.status}`;
  return has(key) ? t(key) : error.text;
}

/** Documents by their titles, each with who put it there, when, and what is seen of a signature. */
function deposited(view: View): HTMLElement {
  if (!view.deposits.length) return h("p", { class: "soft small" }, t(may(view, "deposit") ? "deposit.none" : "deposit.not_now"));
  const titles = new Map(view.steps.flatMap((step) => step.documents).map((each) => [each.id, tr(each.title)]));
  return h("div", null, h("h3", null, t("deposit.there")), h("ul", { class: "lines" }, view.deposits.map((each) => h("li", { "data-document": each.document, "data-signature": each.signature }, icon("page"),
    h("span", { class: "grow" }, h("b", null, titles.get(each.document) || (each.document === CONTRACT ? t("deposit.contract") : each.document)), h("span", { class: "note" }, `${t(`seat.${each.by}`)} · ${clock(each.at_ms)}`), h("span", { class: `badge ${LOOKS[each.signature] ?? ""}` }, t(`deposit.${each.signature}`)), h("span", { class: "note" }, t(`deposit.why_${each.signature}`)))))), h("p", { class: "note" }, t("deposit.unchecked")));
}
