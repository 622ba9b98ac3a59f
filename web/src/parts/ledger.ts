// The ledger's page: checkpoint, what this browser saw before, proof of an entry, recent entries. Whatever is shown was checked here.

import { busy, h, icon, toast } from "../dom.ts";
import { Forged, Malformed, textOfBytes, toBase64, toHex } from "../ledger/bytes.ts";
import { proofFile, readEntries, type Entry } from "../ledger/entries.ts";
import { checkExtends, compare, forget, keep, openLedger, type Opened, type Seen } from "../ledger/memory.ts";
import { leafHash, verifyInclusion } from "../ledger/merkle.ts";
import { parseKey, verifyCheckpoint, type VerifierKey } from "../ledger/note.ts";
import type { ReadFile } from "../ledger/tree.ts";
import { shownAt } from "../times.ts";
import { has, t } from "../words.ts";

const ROWS = 25;

/** Files of the ledger by HTTP; what is not there is null, what cannot be had is an error. */
const reading: ReadFile = async (path) => {
  const answer = await fetch(`/ledger/${path}`, { credentials: "same-origin", cache: path === "checkpoint" ? "no-store" : "default", headers: { "X-Jianlu-As": "staff" } });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
};

class LedgerPage extends HTMLElement {
  private key: VerifierKey | null = null;
  private opened: Opened | null = null;
  private until = 0;
  private readonly state = h("div", { class: "stack-small", role: "status", "aria-live": "polite" });
  private readonly facts = h("div", { class: "stack" });
  private readonly latest = h("dd", null, "–");
  private readonly proof = h("div", { class: "stack-small", "aria-live": "polite" });
  private readonly list = h("div");

  connectedCallback(): void {
    const index = h("input", { id: "entry", name: "entry", inputmode: "numeric", pattern: "[0-9]*", autocomplete: "off", required: true, class: "mono" });
    const form = h("form", { class: "row", onsubmit: (event: Event) => { event.preventDefault(); void this.prove(Number(index.value), form.querySelector("button")); } },
      h("label", { for: "entry" }, t("ledger.entry_no")), h("div", { class: "search" }, index), h("button", { class: "button main" }, icon("shield"), t("ledger.prove")));
    const saved = h("input", { type: "file", id: "saved", class: "fit", onchange: () => void this.compareSaved(saved) });
    this.replaceChildren(
      h("section", { class: "sheet stack" }, h("h2", null, t("ledger.state")), this.state, this.facts,
        h("div", { class: "field no-paper" }, h("label", { for: "saved" }, t("ledger.saved")), saved, h("p", { class: "hint" }, t("ledger.saved_hint")))),
      h("section", { class: "sheet stack" }, h("div", null, h("h2", null, t("ledger.proof")), h("p", { class: "soft" }, t("ledger.proof_text"))), form, this.proof),
      h("section", { class: "sheet stack" }, h("div", null, h("h2", null, t("ledger.recent")), h("p", { class: "soft" }, t("ledger.recent_text"))), this.list));
    void this.open();
  }

  private async open(): Promise<void> {
    this.say("", t("ledger.checking"));
    try {
      const { keys } = JSON.parse(this.dataset["ledger"] ?? "{}") as { keys: { origin: string; vkey: string }[] };
      this.key = await parseKey(keys.at(-1)?.vkey ?? "");
      this.opened = await openLedger(reading, this.key);
      this.showFacts(this.opened);
      const seen = await compare(localStorage, this.opened.tree, this.opened.checkpoint.origin, this.key);
      keep(localStorage, this.opened.checkpoint, this.opened.note, this.key, new Date());
      this.showSeen(seen);
      this.until = this.opened.checkpoint.size;
      await this.show();
    } catch (error) {
      this.trouble(error);
    }
  }

  private say(kind: "" | "good" | "bad" | "care", title: string, ...more: (string | HTMLElement)[]): void {
    this.state.replaceChildren(h("div", { class: `says ${kind} stack-small`, "data-state": kind || "working" }, h("h3", null, title), more.map((each) => (typeof each === "string" ? h("p", null, each) : each))));
  }

  private trouble(error: unknown): void {
    if (error instanceof Forged) this.say("bad", t(`ledger.bad_${error.kind}`), t("ledger.bad_next"), h("p", { class: "note mono", lang: "en" }, error.message), this.forgetting());
    else if (error instanceof Malformed) this.say("bad", t("ledger.malformed"), t("ledger.bad_next"), h("p", { class: "note mono", lang: "en" }, error.message));
    else if (error instanceof DOMException && error.name === "NotSupportedError") this.say("care", t("ledger.too_old"), t("ledger.too_old_next"));
    else this.say("care", t("ledger.unreachable"), t("ledger.unreachable_next"), h("button", { class: "button little", type: "button", onclick: () => void this.open() }, t("ledger.again")));
  }

  private forgetting(): HTMLElement {
    return h("button", { class: "button little", type: "button", onclick: () => { if (this.key) forget(localStorage, this.key.name); void this.open(); } }, t("ledger.forget"));
  }

  private showSeen(seen: Seen): void {
    const at = seen.before ? shownAt(seen.before.at) : "";
    this.say("good", t(`ledger.seen_${seen.state}`), seen.before ? t("ledger.seen_before", { at, hashes: seen.proof }) : t("ledger.seen_now"));
  }

  private showFacts({ checkpoint, note }: Opened): void {
    const save = h("button", { class: "button little no-paper", type: "button", onclick: () => download(note, `${checkpoint.origin.replaceAll("/", "-")}-${checkpoint.size}.checkpoint`) }, icon("page"), t("ledger.save"));
    this.facts.replaceChildren(h("dl", { class: "facts" },
      h("dt", null, t("ledger.origin")), h("dd", { class: "mono" }, checkpoint.origin),
      h("dt", null, t("ledger.size")), h("dd", null, checkpoint.size.toLocaleString("en")),
      h("dt", null, t("ledger.root")), h("dd", { class: "digest" }, toHex(checkpoint.root)),
      h("dt", null, t("ledger.latest")), this.latest,
      h("dt", null, t("ledger.key")), h("dd", { class: "digest" }, this.key?.text ?? "", h("span", { class: "note" }, ` ${t("ledger.key_hint")}`))), h("div", { class: "row" }, save));
  }

  /** A file that somebody kept: the ledger must be its continuation. */
  private async compareSaved(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (!file || !this.opened || !this.key) return;
    try {
      if (file.size > 65536) throw new Malformed("a checkpoint has at most 64 KiB");
      const earlier = await verifyCheckpoint(new Uint8Array(await file.arrayBuffer()), this.key);
      const hashes = await checkExtends(this.opened.tree, earlier);
      this.say("good", t("ledger.saved_good"), t("ledger.saved_text", { size: earlier.size, hashes }));
    } catch (error) {
      this.trouble(error);
    }
  }

  private async prove(index: number, button: HTMLElement | null): Promise<void> {
    await busy(button, async () => {
      const { opened } = this;
      if (!opened) return;
      if (!Number.isInteger(index) || index < 0 || index >= opened.checkpoint.size) {
        this.proof.replaceChildren(h("p", { class: "wrong", role: "alert" }, t("ledger.no_entry", { last: opened.checkpoint.size - 1 })));
        return;
      }
      try {
        const [entry] = await readEntries(opened.tree, reading, index, index + 1);
        if (!entry) throw new Forged(`entry ${index} is missing`, "missing");
        const hashes = await opened.tree.inclusionProof(index);
        const leaf = await leafHash(entry.bytes);
        await verifyInclusion(leaf, index, opened.checkpoint.size, hashes, opened.checkpoint.root);
        this.proof.replaceChildren(h("div", { class: "says good stack-small", "data-proved": index }, h("h3", null, t("ledger.proved", { index })),
          h("ol", { class: "steps-of-proof stack-small" },
            h("li", null, t("ledger.step_leaf"), h("span", { class: "digest block" }, toHex(leaf))),
            h("li", null, t("ledger.step_path", { hashes: hashes.length }), h("details", null, h("summary", null, t("ledger.show_hashes")), hashes.map((each) => h("span", { class: "digest block" }, toHex(each))))),
            h("li", null, t("ledger.step_root"), h("span", { class: "digest block" }, toHex(opened.checkpoint.root)))),
          h("pre", { class: "entry-text", tabindex: 0, "aria-label": t("ledger.content") }, pretty(entry)),
          h("div", { class: "row no-paper" }, h("button", { class: "button little", type: "button", onclick: () => download(proofFile(index, hashes, opened.note), `${index}.tlog-proof`) }, t("ledger.save_proof")),
            h("button", { class: "button little", type: "button", onclick: () => download(entry.bytes, `${index}.entry`) }, t("ledger.save_entry")))));
        this.proof.scrollIntoView({ block: "nearest" });
      } catch (error) {
        this.proof.replaceChildren(h("div", { class: "says bad stack-small", role: "alert" }, h("h3", null, error instanceof Forged || error instanceof Malformed ? t("ledger.not_proved", { index }) : t("ledger.unreachable")), h("p", { class: "note mono", lang: "en" }, String(error))));
      }
    });
  }

  private async show(): Promise<void> {
    const { opened } = this;
    if (!opened) return;
    const { until } = this;
    const from = Math.max(0, until - ROWS);
    const entries = (await readEntries(opened.tree, reading, from, until)).reverse();
    if (until !== this.until) return; // somebody paged on meanwhile
    const newest = this.until === opened.checkpoint.size && entries[0] ? fieldsOf(entries[0]).at : "";
    if (newest) this.latest.textContent = shownAt(newest);
    if (!entries.length) { this.list.replaceChildren(h("p", { class: "soft" }, t("ledger.empty"))); return; }
    const more = (name: string, until: number, isOn: boolean): HTMLElement => h("button", { class: "button little", type: "button", disabled: !isOn, onclick: () => { this.until = until; void this.show().catch((error: unknown) => { this.trouble(error); toast(t("ledger.unreachable"), { isBad: true }); }); } }, t(name));
    this.list.replaceChildren(
      h("table", { class: "table" }, h("thead", null, h("tr", null, ["no", "what", "case", "at"].map((name) => h("th", { scope: "col" }, t(`ledger.c_${name}`))), h("th", { scope: "col" }, h("span", { class: "only-heard" }, t("ledger.prove"))))),
        h("tbody", null, entries.map((entry) => this.row(entry)))),
      h("div", { class: "pages" }, h("span", null, t("ledger.range", { from, last: this.until - 1, size: opened.checkpoint.size })), h("span", { class: "row" }, more("ledger.newer", Math.min(opened.checkpoint.size, this.until + ROWS), this.until < opened.checkpoint.size), more("ledger.older", Math.max(ROWS, this.until - ROWS), from > 0))));
  }

  private row(entry: Entry): HTMLElement {
    const said = fieldsOf(entry);
    return h("tr", null, h("td", { class: "mono" }, entry.index), h("td", null, kindOf(said.type), h("span", { class: "mono note block" }, said.type)), h("td", null, h("span", { class: "mono small" }, said.case ? `${said.case.slice(0, 9)}… · ${said.n}` : "–")),
      h("td", { class: "late nowrap soft small" }, shownAt(said.at) || "–"),
      h("td", { class: "no-paper" }, h("button", { class: "button little", type: "button", "aria-label": t("ledger.prove_no", { index: entry.index }), onclick: (event: Event) => void this.prove(entry.index, event.currentTarget as HTMLElement) }, t("ledger.prove"))));
  }
}

interface Fields { type: string; case: string; n: number; at: string }

/** Its kind in words; nothing for one that is newer than this page. */
const kindOf = (type: string): HTMLElement | null => (has(`ledger.kind.${type}`) ? h("span", { class: "block" }, t(`ledger.kind.${type}`)) : null);

/** What an entry says of itself; one that is no event of ours shows that. */
function fieldsOf(entry: Entry): Fields {
  try {
    const said = JSON.parse(textOfBytes(entry.bytes)) as Partial<Fields>;
    return { type: String(said.type ?? "?"), case: String(said.case ?? ""), n: Number(said.n ?? 0), at: String(said.at ?? "") };
  } catch {
    return { type: "?", case: "", n: 0, at: "" };
  }
}

function pretty(entry: Entry): string {
  try {
    return JSON.stringify(JSON.parse(textOfBytes(entry.bytes)), null, 2);
  } catch {
    return toBase64(entry.bytes);
  }
}

function download(content: Uint8Array, name: string): void {
  const url = URL.createObjectURL(new Blob([content as BlobPart], { type: "application/octet-stream" }));
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}


customElements.define("jl-ledger", LedgerPage);
