// The verification page: a stranger drops a package or a certificate of destruction, the institution's verifier runs in this browser,
// nothing is sent anywhere.

import { h, icon } from "../dom.ts";
import { clock, t, tr, type Both } from "../words.ts";
import type { Asked, Said } from "../verify.worker.ts";
import { certificateFacts, certificateTime, NOT, WAS, type CertificateDocument } from "./certificate.ts";

interface Answer {
  refused?: string;
  document: string;
  exit_code: number;
  text: { zh: string; en: string };
  ledger_matches: boolean | null;
  problems: { text: Both; segment: number | null; from_ms: number | null; to_ms: number | null; path: string | null; detail: string; clause: string | null; title: Both }[];
  clauses: { key: string; title: Both; verdict: "met" | "not_met" | "not_evidenced"; basis: string; confidence: string; evidence: { track: Both; from_ms: number; to_ms: number }[]; reasons: Both[] }[];
  gaps: { from_ms: number; to_ms: number; side: Both; reason: Both }[];
}
interface Document { case: string; tenant: string; duration_ms: number | null; members: [string, string][]; signer: { ledger: string; package: string; trusted: boolean; saved_checkpoint: string } | null }

const TRUST_BYTES_MAX = 1 << 20;
const TRUST_MARK = '"jianlu/trust/';
const TIMES_SHOWN = 4;
const PROBLEMS_SHOWN = 200;

class VerifyPage extends HTMLElement {
  private worker: Worker | null = null;
  private isReady = false;
  private isBusy = false;
  private digest = "";
  private package: File | null = null;
  private trust: File | null = null;
  private published: Uint8Array | null = null;
  private saved: File | null = null;
  private readonly status = h("div", { role: "status", "aria-live": "polite", class: "stack-small" });
  private readonly bar = h("progress", { class: "bar", max: 1, hidden: true, "aria-label": t("verify.progress") });
  private readonly result = h("div", { class: "stack" });
  private readonly go = h("button", { class: "button main big", type: "button", disabled: true, onclick: () => void this.run() }, icon("shield"), t("verify.go"));
  private readonly drop = h("p", { class: "drop-name" });
  private readonly key = h("input", { id: "vkey", class: "mono", autocomplete: "off", spellcheck: "false", placeholder: "example.com/log+1234abcd+…" });

  connectedCallback(): void {
    this.replaceChildren(
      h("section", { class: "sheet stack" }, this.picker(), this.bringing(), h("div", { class: "row" }, this.go), this.status, this.bar),
      this.result);
    this.addEventListener("dragover", (event) => { event.preventDefault(); this.classList.add("is-over"); });
    this.addEventListener("dragleave", () => this.classList.remove("is-over"));
    this.addEventListener("drop", (event) => { event.preventDefault(); this.classList.remove("is-over"); for (const file of event.dataTransfer?.files ?? []) void this.take(file); });
    this.load();
  }

  disconnectedCallback(): void { this.worker?.terminate(); }

  private picker(): HTMLElement {
    const input = h("input", { type: "file", id: "package", accept: ".jlp,.json", onchange: () => { const file = input.files?.[0]; if (file) this.choose(file); } });
    return h("div", { class: "drop stack-small" }, h("label", { for: "package", class: "legend" }, t("verify.package")), input, h("p", { class: "hint soft" }, t("verify.package_hint")), this.drop);
  }

  private bringing(): HTMLElement {
    const trust = h("input", { type: "file", id: "trust", accept: ".json,application/json", onchange: () => { this.trust = trust.files?.[0] ?? null; } });
    const saved = h("input", { type: "file", id: "saved", onchange: () => { this.saved = saved.files?.[0] ?? null; } });
    const published = h("input", { type: "checkbox", id: "published", onchange: () => void this.takePublished(published) });
    return h("fieldset", { class: "fields" }, h("legend", { class: "legend" }, t("verify.whose")), h("p", { class: "soft small" }, t("verify.whose_text")),
      h("div", { class: "field" }, h("label", { for: "trust" }, t("verify.trust")), trust, h("p", { class: "hint" }, t("verify.trust_hint"))),
      h("label", { class: "tick" }, published, h("span", null, t("verify.published"), h("span", { class: "note block" }, t("verify.published_hint")))),
      h("details", null, h("summary", null, t("verify.more")), h("div", { class: "fields" },
        h("div", { class: "field" }, h("label", { for: "vkey" }, t("verify.vkey")), this.key, h("p", { class: "hint" }, t("verify.vkey_hint"))),
        h("div", { class: "field" }, h("label", { for: "saved" }, t("verify.saved")), saved, h("p", { class: "hint" }, t("verify.saved_hint"))))));
  }

  /** A dropped file is what it says: small JSON that names the format of a trust file is one, everything else is what is to be verified. */
  private async take(file: File): Promise<void> {
    const says = file.name.endsWith(".json") && file.size <= TRUST_BYTES_MAX ? await file.text().catch(() => "") : "";
    if (says.includes(TRUST_MARK)) { this.trust = file; this.say("", t("verify.has_trust", { name: file.name })); }
    else this.choose(file);
  }

  private choose(file: File): void {
    this.package = file;
    this.drop.textContent = `${file.name} · ${file.size < 1e6 ? `${Math.ceil(file.size / 1e3)} kB` : `${(file.size / 1e6).toFixed(1)} MB`}`;
    this.result.replaceChildren();
    this.ask();
  }

  private async takePublished(box: HTMLInputElement): Promise<void> {
    this.published = null;
    if (!box.checked) return;
    try {
      const answer = await fetch("/verify/trust.json", { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      this.published = new Uint8Array(await answer.arrayBuffer());
    } catch {
      box.checked = false;
      this.say("care", t("verify.no_published"));
    }
  }

  private load(): void {
    const { worker, runtime, program } = this.dataset;
    this.say("", t("verify.loading_runtime"));
    this.bar.hidden = false;
    this.bar.removeAttribute("value");
    this.worker?.terminate();
    this.worker = new Worker(worker ?? "", { type: "module" });
    this.worker.addEventListener("message", (event: MessageEvent<Said>) => this.heard(event.data));
    this.worker.addEventListener("error", () => this.heard({ kind: "failed", at: "load", why: "" }));
    this.tell({ kind: "load", runtime: new URL(runtime ?? "", location.href).href, program: program ?? "" });
  }

  private tell(asked: Asked): void { this.worker?.postMessage(asked); }

  private heard(said: Said): void {
    if (said.kind === "loading") this.say("", t(`verify.loading_${said.part}`));
    else if (said.kind === "ready") { this.isReady = true; this.digest = said.digest; this.bar.hidden = true; this.say("good", t("verify.ready"), h("p", { class: "note" }, t("verify.digest"), " ", h("span", { class: "digest" }, said.digest))); this.ask(); }
    else if (said.kind === "progress") { this.bar.hidden = false; this.bar.value = said.share; this.say("", t(`verify.stage_${said.stage}`)); }
    else if (said.kind === "answer") { this.finish(); this.show(JSON.parse(said.answer) as Answer, said.seconds); }
    else { this.finish(); this.say("bad", t(said.at === "load" ? "verify.no_runtime" : "verify.failed"), h("p", { class: "note mono", lang: "en" }, said.why), h("button", { class: "button little", type: "button", onclick: () => this.load() }, t("verify.again"))); }
  }

  private finish(): void { this.isBusy = false; this.bar.hidden = true; this.ask(); }
  private ask(): void { this.go.disabled = !(this.isReady && this.package && !this.isBusy); }

  private say(kind: string, text: string, ...more: HTMLElement[]): void {
    this.status.replaceChildren(h("div", { class: `says ${kind} stack-small`, "data-state": this.isReady ? "ready" : "loading" }, h("p", null, text), more));
  }

  private async run(): Promise<void> {
    if (!this.package || this.isBusy) return;
    this.isBusy = true;
    this.ask();
    this.result.replaceChildren();
    try {
      const trust = this.trust ? await bytesOf(this.trust) : (this.published ?? new Uint8Array());
      const saved = this.saved ? await bytesOf(this.saved) : new Uint8Array();
      this.say("", t("verify.stage_container"));
      this.tell({ kind: "verify", file: this.package, trust, saved, ledgerKey: this.key.value });
    } catch {
      this.finish();
      this.say("bad", t("verify.unreadable"));
    }
  }

  private show(answer: Answer, seconds: number): void {
    if (answer.refused !== undefined) { this.say("bad", t("verify.refused"), h("p", { class: "note mono", lang: "en" }, answer.refused)); return; }
    this.say("good", t("verify.done", { seconds: seconds.toFixed(1) }));
    const said = JSON.parse(answer.document) as Document | CertificateDocument;
    const certificate = "certificate" in said ? said : null;
    const kind = answer.exit_code === 0 ? "good" : answer.exit_code === 10 ? "care" : "bad";
    this.result.replaceChildren(
      h("section", { class: "sheet stack", "data-exit": answer.exit_code },
        h("div", { class: `verdict ${kind}` }, icon(kind === "good" ? "shield" : "alert"), h("h2", { tabindex: -1 }, t(`verify.${certificate ? (certificate.part && certificate.intact ? "part" : "c") : "r"}_${answer.exit_code}`))),
        said.case ? h("dl", { class: "facts" }, h("dt", null, t("verify.case")), h("dd", { class: "mono" }, `${said.tenant}/${said.case}`), "certificate" in said ? null : recorded(said)) : null,
        certificate ? certificateFacts(certificate) : null,
        this.signers(answer, said),
        h("div", { class: "row no-paper" }, h("button", { class: "button little", type: "button", onclick: () => window.print() }, t("verify.print")), h("button", { class: "button little", type: "button", onclick: () => save(answer.document, "verification.json") }, t("verify.save_json")))),
      ...[problems(answer), certificate ? certificateTime(certificate) : null, clauses(answer), gaps(answer)].filter((part) => part !== null), this.checked(answer, said));
    this.result.querySelector("h2")?.focus();
  }

  private signers(answer: Answer, said: Document | CertificateDocument): HTMLElement | null {
    if (!said.signer) return null;
    const trusted = said.signer.trusted;
    return h("div", { class: `says ${answer.ledger_matches === false ? "bad" : trusted || answer.ledger_matches ? "good" : "care"} stack-small` },
      h("p", null, t(trusted ? (this.trust ? "verify.trusted" : "verify.trusted_here") : "verify.untrusted")),
      answer.ledger_matches === null ? null : h("p", null, t(answer.ledger_matches ? "verify.key_matches" : "verify.key_differs")),
      said.signer.saved_checkpoint === "not given" ? null : h("p", null, t(said.signer.saved_checkpoint === "consistent" ? "verify.saved_good" : "verify.saved_bad")),
      h("details", null, h("summary", null, t("verify.show_keys")), h("p", { class: "digest" }, said.signer.ledger), "package" in said.signer ? h("p", { class: "digest" }, said.signer.package) : null));
  }

  /** What the answer rests on, and what it does not say: nobody is to read more into it. */
  private checked(answer: Answer, said: Document | CertificateDocument): HTMLElement {
    const list = (name: string, keys: string[]): HTMLElement => h("div", { class: "stack-small" }, h("h3", null, t(name)), h("ul", { class: "dots" }, keys.map((key) => h("li", null, t(key)))));
    const open = [...(said.signer?.trusted || answer.ledger_matches ? [] : ["verify.not_signer"]), ...(said.signer && said.signer.saved_checkpoint !== "not given" ? [] : ["verify.not_history"]), ...("certificate" in said ? NOT : ["verify.not_people", "verify.not_law", "verify.not_machine"])];
    return h("section", { class: "sheet stack" }, h("h2", null, t("verify.scope")),
      h("div", { class: "two" }, list("verify.was", "certificate" in said ? WAS : ["verify.was_container", "verify.was_ledger", "verify.was_media", "verify.was_verdicts"]), list("verify.was_not", open)),
      h("p", { class: "note" }, t("verify.digest"), " ", h("span", { class: "digest" }, this.digest)),
      h("details", null, h("summary", null, t("verify.plain")), h("pre", { class: "entry-text", tabindex: 0, "aria-label": t("verify.plain") }, tr(answer.text))));
  }
}

const bytesOf = async (file: File): Promise<Uint8Array> => {
  if (file.size > TRUST_BYTES_MAX) throw new Error("too large");
  return new Uint8Array(await file.arrayBuffer());
};

const recorded = (said: Document): (HTMLElement | HTMLElement[])[] => [h("dt", null, t("verify.duration")), h("dd", null, clock(said.duration_ms)),
  said.members.length ? [h("dt", null, t("verify.members")), h("dd", null, said.members.map(([name, key]) => h("span", { class: "block mono small" }, `${name} ${key.slice(0, 16)}…`)))] : []];

const range = (from: number | null, to: number | null): string => (from === null ? "" : `${clock(from)}–${clock(to)}`);

function problems(answer: Answer): HTMLElement | null {
  if (!answer.problems.length) return null;
  return h("section", { class: "sheet stack" }, h("h2", null, t("verify.problems", { n: answer.problems.length })),
    h("ul", { class: "lines" }, answer.problems.slice(0, PROBLEMS_SHOWN).map((each) => h("li", null, h("span", { class: "grow" }, h("b", { class: "wrong" }, tr(each.text)),
      h("span", { class: "note block" }, [each.segment === null ? "" : t("verify.segment", { n: each.segment }), range(each.from_ms, each.to_ms), each.path ?? "", tr(each.title)].filter(Boolean).join(" · ")), each.detail ? h("span", { class: "note mono block", lang: "en" }, each.detail) : null)))));
}

function clauses(answer: Answer): HTMLElement | null {
  if (!answer.clauses.length) return null;
  if (answer.exit_code === 90) return h("section", { class: "sheet" }, h("h2", null, t("verify.clauses")), h("p", { class: "says bad" }, t("verify.doubted", { n: answer.clauses.length })));
  const kinds = { met: "good", not_met: "bad", not_evidenced: "care" };
  return h("section", { class: "sheet stack" }, h("h2", null, t("verify.clauses")),
    h("ul", { class: "lines" }, answer.clauses.map((each) => h("li", null, h("span", { class: "grow" }, h("b", null, tr(each.title) || each.key), h("span", { class: "note block mono" }, each.key),
      each.evidence.length ? h("span", { class: "note block" }, `${t("verify.shown_at")} ${each.evidence.slice(0, TIMES_SHOWN).map((one) => `${tr(one.track)} ${range(one.from_ms, one.to_ms)}`).join("，")}${each.evidence.length > TIMES_SHOWN ? " …" : ""}`) : null,
      each.verdict === "met" ? null : [...new Set(each.reasons.map(tr))].map((reason) => h("span", { class: "note block" }, reason)), each.basis === "attested" ? h("span", { class: "note block" }, t("verify.attested")) : null),
      h("span", { class: `badge ${kinds[each.verdict]}` }, t(`verdict.${each.verdict}`))))), answer.clauses.some((each) => each.confidence === "unverified") ? h("p", { class: "note" }, t("verify.unverified")) : null);
}

function gaps(answer: Answer): HTMLElement | null {
  if (!answer.gaps.length) return null;
  return h("section", { class: "sheet stack" }, h("h2", null, t("verify.gaps", { n: answer.gaps.length })), h("ul", { class: "lines" }, answer.gaps.map((each) => h("li", null, h("span", { class: "mono" }, range(each.from_ms, each.to_ms)), h("span", { class: "grow" }, `${tr(each.side)} · ${tr(each.reason)}`)))));
}

function save(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

customElements.define("jl-verify", VerifyPage);
