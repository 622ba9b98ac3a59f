// A script written as a form by people who know the law: steps, what is said in two languages, what rules demand and by which clause.
// Every save is held to the rules by the server; two editors never overwrite each other.

import { get, post, Problem, send } from "../api.ts";
import { ask, busy, h, toast } from "../dom.ts";
import { blank, freeCode, milliseconds, moved, newStep, stepOf, type Changed, type Content, type Draft, type Question, type Step, type Text } from "../scriptdraft.ts";
import { lang, t, tr, type Both } from "../words.ts";

type Node_ = HTMLElement | null;

class ScriptEditor extends HTMLElement {
  private draft!: Draft;
  private content!: Content;
  private isDirty = false;
  private isSaving = false;
  private newer: Draft | null = null;
  private readonly open = new Set<string>();
  private readonly bar = h("div", { class: "edit-bar spread" });
  private readonly told = h("div", { class: "stack-small", "aria-live": "polite" });
  private readonly form = h("div", { class: "stack" });
  private readonly diff = h("section", { class: "sheet stack" });

  connectedCallback(): void {
    this.take(JSON.parse(this.querySelector("script")?.textContent ?? "{}") as Draft);
    const wrong = stepOf(this.draft.problems[0]?.at ?? "");
    if (wrong >= 0) this.open.add(this.content.steps[wrong]?.id ?? "");
    this.replaceChildren(h("div", { class: "stack" }, this.bar, this.told, this.form, this.diff));
    this.drawAll();
    window.addEventListener("beforeunload", (event) => { if (this.isDirty) event.preventDefault(); });
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") { event.preventDefault(); void this.save(); }
    });
    this.addEventListener("input", () => this.touch());
  }

  private take(draft: Draft): void {
    this.draft = draft;
    this.content = structuredClone(draft.content);
    this.isDirty = false;
    this.newer = null;
  }

  private touch(): void { if (!this.isDirty) { this.isDirty = true; this.drawBar(); } }

  /** After steps or lines came, went or moved. */
  private changed(focus = ""): void {
    this.touch();
    this.drawForm();
    if (focus) this.querySelector<HTMLElement>(`[data-at="${CSS.escape(focus)}"]`)?.focus();
  }

  private drawAll(): void { this.drawBar(); this.drawTold(); this.drawForm(); this.drawDiff(); }

  private drawBar(): void {
    const saved = this.draft.revision ? t("scriptedit.saved_by", { name: this.draft.saved_by_name, at: new Date(this.draft.saved_at).toLocaleString(document.documentElement.lang) }) : t("scriptedit.not_saved", { version: this.draft.based_on });
    const refused = this.draft.problems.length + this.draft.lacks.filter((each) => each.is_refused).length;
    this.bar.replaceChildren(
      h("p", { class: "soft small", role: "status" }, this.isDirty ? h("b", null, t("scriptedit.unsaved")) : saved),
      h("div", { class: "row" },
        this.draft.revision ? h("button", { class: "button plain", type: "button", onclick: () => void this.discard() }, t("scriptedit.discard")) : null,
        h("button", { class: "button", type: "button", "data-key": "save", onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, () => this.save()) }, t("scriptedit.save")),
        h("button", { class: "button main", type: "button", disabled: this.isDirty || !this.draft.revision || refused > 0, onclick: () => void this.propose() }, t("scriptedit.propose"))));
  }

  private drawTold(): void {
    const { problems, lacks } = this.draft;
    const refused = lacks.filter((each) => each.is_refused);
    const known = lacks.filter((each) => !each.is_refused);
    const list = (found: { text: Both; at: string }[]): HTMLElement => h("ul", null, found.map((each) => h("li", null, h("button", { class: "as-link", type: "button", onclick: () => this.show(each.at) }, this.whereOf(each.at)), tr(each.text))));
    this.told.replaceChildren(...[
      this.newer ? h("div", { class: "says bad stack-small" }, h("p", null, t("scriptedit.newer", { name: this.newer.saved_by_name })), h("div", { class: "row" },
        h("button", { class: "button", type: "button", onclick: () => { if (this.newer) { this.take(this.newer); this.drawAll(); } } }, t("scriptedit.take_theirs")),
        h("button", { class: "button grave", type: "button", onclick: () => { if (this.newer) { this.draft = { ...this.draft, revision: this.newer.revision }; this.newer = null; void this.save(); } } }, t("scriptedit.keep_mine")))) : null,
      problems.length ? h("div", { class: "says bad" }, h("h2", null, t("scriptedit.problems", { n: problems.length })), list(problems)) : null,
      refused.length ? h("div", { class: "says bad" }, h("h2", null, t("scriptedit.lacks", { n: refused.length })), list(refused.map((each) => ({ text: each.text, at: this.placeOf(each.step) })))) : null,
      known.length ? h("div", { class: "says care" }, h("h2", null, t("scriptedit.known")), h("ul", null, known.map((each) => h("li", null, tr(each.text))))) : null,
      !problems.length && !refused.length ? h("p", { class: "says good" }, t(this.draft.rehearsed ? "scriptedit.complete" : "scriptedit.no_template", { n: this.draft.rehearsed })) : null,
    ].filter((each) => each !== null));
  }

  private placeOf(step: string): string {
    const no = this.content.steps.findIndex((each) => each.id === step);
    return no >= 0 ? `steps/${no}/title/zh` : "";
  }

  private whereOf(at: string): string {
    const step = this.content.steps[stepOf(at)];
    return step ? `${stepOf(at) + 1}. ${tr(step.title) || t("scriptedit.no_title")}` : t("scriptedit.whole");
  }

  private show(at: string): void {
    const step = this.content.steps[stepOf(at)];
    if (step && !this.open.has(step.id)) { this.open.add(step.id); this.drawForm(); }
    let place = at;
    while (place) {
      const field = this.querySelector<HTMLElement>(`[data-at="${CSS.escape(place)}"]`);
      if (field) { field.focus(); field.scrollIntoView({ block: "center" }); return; }
      place = place.includes("/") ? place.slice(0, place.lastIndexOf("/")) : "";
    }
  }

  private drawForm(): void {
    const { title, documents, steps } = this.content;
    const sheets = steps.map((step, no) => this.step(step, no));
    this.form.replaceChildren(
      h("section", { class: "sheet stack-small" }, h("h2", null, t("scriptedit.head")), this.texts(t("scriptedit.name"), title, "title"),
        h("h3", null, t("scriptedit.documents")),
        documents.map((each, no) => h("div", { class: "edit-row" }, this.texts(t("scriptedit.document"), each.title, `documents/${no}/title`), this.seconds(t("scriptedit.min_show"), each.min_show_ms, `documents/${no}/min_show_ms`, (ms) => { each.min_show_ms = ms; }),
          this.act(t("scriptedit.remove"), () => { documents.splice(no, 1); for (const step of steps) step.documents = step.documents.filter((name) => name !== each.id); this.changed(); }))),
        this.act(t("scriptedit.add_document"), () => { documents.push({ id: freeCode("document", documents.map((each) => each.id)), title: blank(), min_show_ms: 2000 }); this.changed(`documents/${documents.length - 1}/title/zh`); })),
      ...sheets,
      h("div", { class: "row" }, this.act(t("scriptedit.add_step"), () => { const made = newStep(steps.map((each) => each.id)); steps.push(made); this.open.add(made.id); this.changed(`steps/${steps.length - 1}/title/zh`); })));
  }

  private step(step: Step, no: number): HTMLElement {
    const at = `steps/${no}`;
    const { choices } = this.draft;
    const wrong = this.draft.problems.some((each) => each.at.startsWith(`${at}/`)) || this.draft.lacks.some((each) => each.is_refused && each.step === step.id);
    const isOpen = this.open.has(step.id);
    const box = h("details", { class: "sheet edit-step", open: isOpen }, h("summary", null, h("span", { class: "step-no" }, no + 1), h("b", null, tr(step.title) || t("scriptedit.no_title")),
      wrong ? h("span", { class: "badge bad" }, t("scriptedit.to_do")) : null, step.covers.length ? h("span", { class: "note" }, t("scriptedit.covers_n", { n: step.covers.length })) : null));
    const fill = (): void => { if (box.childElementCount === 1) box.append(h("div", { class: "stack" }, this.inside(step, no, at, choices))); };
    if (isOpen) fill();
    box.addEventListener("toggle", () => { if (box.open) { this.open.add(step.id); fill(); } else this.open.delete(step.id); });
    return box;
  }

  private inside(step: Step, no: number, at: string, choices: Draft["choices"]): Node_[] {
    const { steps, documents } = this.content;
    const lacks = this.draft.lacks.filter((each) => each.is_refused && each.step === step.id);
    return [
      lacks.length ? h("ul", { class: "says bad" }, lacks.map((each) => h("li", null, tr(each.text)))) : null,
      this.texts(t("scriptedit.step_title"), step.title, `${at}/title`),
      h("div", { class: "fields halves" },
        this.select(t("scriptedit.kind"), choices.kinds, step.kind, `${at}/kind`, (id) => { step.kind = id; }),
        this.select(t("scriptedit.speaker"), choices.seats, step.speaker, `${at}/speaker`, (id) => { step.speaker = id; }),
        this.seconds(t("scriptedit.min_read"), step.min_read_ms, `${at}/min_read_ms`, (ms) => { step.min_read_ms = ms; }),
        this.when(step.when, `${at}/when`, (when) => { step.when = when; })),
      h("fieldset", { class: "stack-small" }, h("legend", { class: "legend" }, t("scriptedit.say")), h("p", { class: "hint note" }, t("scriptedit.say_hint")),
        step.say.map((sentence, row) => h("div", { class: "edit-line stack-small" }, this.texts(t("scriptedit.sentence", { n: row + 1 }), sentence.text, `${at}/say/${row}/text`, true),
          h("div", { class: "row" }, this.when(sentence.when, `${at}/say/${row}/when`, (when) => { sentence.when = when; }), this.factPicker(sentence.text, `${at}/say/${row}/text`),
            this.act(t("scriptedit.up"), () => { step.say = moved(step.say, row, -1); this.changed(); }, row === 0), this.act(t("scriptedit.down"), () => { step.say = moved(step.say, row, 1); this.changed(); }, row === step.say.length - 1),
            this.act(t("scriptedit.remove"), () => { step.say.splice(row, 1); this.changed(); })))),
        this.act(t("scriptedit.add_sentence"), () => { step.say.push({ text: blank(), when: null }); this.changed(`${at}/say/${step.say.length - 1}/text/zh`); })),
      this.texts(t("scriptedit.prompt"), step.prompt, `${at}/prompt`, true),
      this.ticks(t("scriptedit.demands"), choices.demands.map((each) => ({ id: each.id, label: h("span", null, each.says.join("；") || each.id, h("small", { class: "note" }, " ", each.clauses.map((clause) => clause.citation).join("、"))) })), step.covers, `${at}/covers`, t("scriptedit.demands_hint")),
      this.ticks(t("scriptedit.attests"), choices.attested.map((each) => ({ id: each.key, label: h("span", null, tr(each.title), h("small", { class: "note" }, " ", each.citation)) })), step.attests, `${at}/attests`),
      documents.length ? this.ticks(t("scriptedit.shows"), documents.map((each) => ({ id: each.id, label: h("span", null, tr(each.title) || each.id) })), step.documents, `${at}/documents`) : null,
      this.ticks(t("scriptedit.consents"), choices.consents.map((each) => ({ id: each.id, label: h("span", null, tr(each.label)) })), step.consents, `${at}/consents`),
      h("fieldset", { class: "stack-small" }, h("legend", { class: "legend" }, t("scriptedit.questions")), step.answers.map((question, row) => this.question(step, question, row, `${at}/answers/${row}`)),
        this.act(t("scriptedit.add_question"), () => { step.answers.push({ id: freeCode("question", step.answers.map((each) => each.id)), question: blank(), by: "customer", options: [{ id: "yes", label: { zh: "是", en: "Yes" }, effect: "go_on" }, { id: "no", label: { zh: "否", en: "No" }, effect: "stay" }] }); this.changed(`${at}/answers/${step.answers.length - 1}/question/zh`); })),
      h("div", { class: "row" }, this.act(t("scriptedit.step_up"), () => { this.content.steps = moved(steps, no, -1); this.changed(); }, no === 0), this.act(t("scriptedit.step_down"), () => { this.content.steps = moved(steps, no, 1); this.changed(); }, no === steps.length - 1),
        this.act(t("scriptedit.remove_step"), () => { steps.splice(no, 1); this.changed(); }, false, "grave")),
    ];
  }

  private question(step: Step, question: Question, row: number, at: string): HTMLElement {
    return h("div", { class: "edit-line stack-small" }, this.texts(t("scriptedit.question"), question.question, `${at}/question`), this.select(t("scriptedit.answered_by"), this.draft.choices.seats, question.by, `${at}/by`, (id) => { question.by = id; }),
      question.options.map((option, no) => h("div", { class: "edit-row" }, this.texts(t("scriptedit.option", { n: no + 1 }), option.label, `${at}/options/${no}/label`), this.select(t("scriptedit.effect"), this.draft.choices.effects, option.effect, `${at}/options/${no}/effect`, (id) => { option.effect = id; }),
        this.act(t("scriptedit.remove"), () => { question.options.splice(no, 1); this.changed(); }))),
      h("div", { class: "row", "data-at": `${at}/options`, tabindex: -1 }, this.act(t("scriptedit.add_option"), () => { question.options.push({ id: freeCode("option", question.options.map((each) => each.id)), label: blank(), effect: "go_on" }); this.changed(`${at}/options/${question.options.length - 1}/label/zh`); }),
        this.act(t("scriptedit.remove_question"), () => { step.answers.splice(row, 1); this.changed(); })));
  }

  private texts(label: string, text: Text, at: string, isLong = false): HTMLElement {
    return h("div", { class: "edit-texts" }, (["zh", "en"] as const).map((each) => this.field(`${label} · ${t(`scriptedit.${each}`)}`, `${at}/${each}`, (id) => h(isLong ? "textarea" : "input", { id, lang: each === "zh" ? "zh-CN" : "en", rows: isLong ? 2 : null, value: text[each] ?? "", oninput: (event: Event) => { text[each] = (event.target as HTMLInputElement).value; } }))));
  }

  private field(label: string, at: string, make: (id: string) => HTMLElement): HTMLElement {
    const id = `e-${at.replaceAll("/", "-")}`;
    const why = this.draft.problems.find((each) => each.at === at);
    const made = make(id);
    made.dataset["at"] = at;
    if (why) { made.setAttribute("aria-invalid", "true"); made.setAttribute("aria-describedby", `${id}-why`); }
    return h("div", { class: `field${why ? " is-wrong" : ""}` }, h("label", { for: id }, label), made, why ? h("p", { class: "wrong", id: `${id}-why` }, tr(why.text)) : null);
  }

  private select(label: string, choices: { id: string; label: Both }[], chosen: string, at: string, set: (id: string) => void): HTMLElement {
    return this.field(label, at, (id) => h("select", { id, onchange: (event: Event) => { set((event.target as HTMLSelectElement).value); this.touch(); } }, choices.map((each) => h("option", { value: each.id, selected: each.id === chosen }, tr(each.label)))));
  }

  private seconds(label: string, ms: number, at: string, set: (ms: number) => void): HTMLElement {
    return this.field(label, at, (id) => h("input", { id, inputmode: "decimal", value: ms >= 0 ? ms / 1000 : "", oninput: (event: Event) => set(milliseconds((event.target as HTMLInputElement).value)) }));
  }

  /** A condition that the script uses already, or none: what may be asked is the template's to say. */
  private when(when: unknown, at: string, set: (when: unknown) => void): HTMLElement {
    const known = this.draft.choices.conditions;
    const mine = JSON.stringify(when);
    return this.field(t("scriptedit.when"), at, (id) => h("select", { id, onchange: (event: Event) => { const no = Number((event.target as HTMLSelectElement).value); set(no < 0 ? null : known[no]?.when ?? null); this.touch(); } },
      h("option", { value: -1 }, t("scriptedit.always")), known.map((each, no) => h("option", { value: no, selected: JSON.stringify(each.when) === mine }, tr(each.text)))));
  }

  private factPicker(text: Text, at: string): HTMLElement {
    return h("div", { class: "field" }, h("label", { for: `f-${at.replaceAll("/", "-")}` }, t("scriptedit.add_fact")), h("select", { id: `f-${at.replaceAll("/", "-")}`, onchange: (event: Event) => {
      const fact = (event.target as HTMLSelectElement).value;
      if (fact) { text.zh += `{${fact}}`; text.en += `{${fact}}`; this.changed(`${at}/zh`); }
    } }, h("option", { value: "" }, "–"), this.draft.choices.facts.map((each) => h("option", { value: each.id }, tr(each.label)))));
  }

  private ticks(label: string, choices: { id: string; label: HTMLElement }[], chosen: string[], at: string, hint = ""): HTMLElement {
    const why = this.draft.problems.find((each) => each.at === at);
    return h("fieldset", { class: "stack-small", "data-at": at, tabindex: -1 }, h("legend", { class: "legend" }, label), hint ? h("p", { class: "hint note" }, hint) : null, why ? h("p", { class: "wrong" }, tr(why.text)) : null,
      choices.length ? h("div", { class: "edit-ticks" }, [...choices].sort((a, b) => Number(chosen.includes(b.id)) - Number(chosen.includes(a.id))).map((each) => h("label", { class: "tick" }, h("input", { type: "checkbox", checked: chosen.includes(each.id), onchange: (event: Event) => {
        const at_ = chosen.indexOf(each.id);
        if ((event.target as HTMLInputElement).checked && at_ < 0) chosen.push(each.id); else if (at_ >= 0) chosen.splice(at_, 1);
        this.touch();
      } }), each.label))) : h("p", { class: "soft small" }, t("scriptedit.nothing_to_choose")));
  }

  private act(label: string, run: () => void, isOff = false, look = ""): HTMLElement {
    return h("button", { class: `button little ${look}`.trim(), type: "button", disabled: isOff, onclick: run }, label);
  }

  private drawDiff(): void {
    const { changes, based_on } = this.draft;
    const touched = changes.steps.filter((each) => each.kind !== "same");
    const fields = (found: Changed[]): HTMLElement => h("dl", { class: "word-changes" }, found.map((each) => [h("dt", null, tr(each.label)), h("dd", null, (each.parts[lang()] ?? []).map(([kind, text]) => kind === "added" ? h("ins", null, text) : kind === "removed" ? h("del", null, text) : text))]));
    this.diff.replaceChildren(h("h2", null, t("scriptedit.changes", { version: based_on })),
      ...(touched.length || changes.head.length ? [changes.head.length ? fields(changes.head) : null, ...touched.map((each) => h("div", { class: "changed-step" }, h("h3", null, `${each.no}. ${tr(each.title)} `, h("span", { class: `badge ${each.kind === "added" ? "good" : each.kind === "removed" ? "bad" : "care"}` }, t(`scriptedit.k_${each.kind}`))), fields(each.fields)))].filter((each) => each !== null) : [h("p", { class: "soft" }, t("scriptedit.no_changes"))]));
  }

  private get path(): string { return `/api/v1/scripts/${encodeURIComponent(this.draft.script)}/draft`; }

  /** One save at a time; what is written meanwhile stays, unsaved. */
  private async save(): Promise<void> {
    if (this.isSaving) return;
    this.isSaving = true;
    const sent = JSON.stringify(this.content);
    try {
      const answer = await send(this.path, { method: "PUT", body: JSON.stringify({ revision: this.draft.revision, content: this.content }), headers: { "Content-Type": "application/json" } });
      const saved = await answer.json() as Draft;
      if (JSON.stringify(this.content) === sent) this.take(saved);
      else { this.draft = saved; this.newer = null; }
      this.keepingPlace(() => this.drawAll());
      toast(t("scriptedit.saved"));
    } catch (error) {
      if (error instanceof Problem && error.code === "draft_changed") { this.newer = await get<Draft>(this.path); this.drawTold(); this.told.scrollIntoView({ block: "center" }); return; }
      toast(error instanceof Problem ? error.text : String(error), { isBad: true });
    } finally {
      this.isSaving = false;
    }
  }

  /** Whoever saves in mid-sentence writes on where they were. */
  private keepingPlace(draw: () => void): void {
    const field = document.activeElement;
    const at = field instanceof HTMLElement && this.contains(field) ? field.dataset["at"] : undefined;
    const isText = (each: unknown): each is HTMLInputElement | HTMLTextAreaElement => each instanceof HTMLTextAreaElement || each instanceof HTMLInputElement;
    const caret = isText(field) ? field.selectionStart : null;
    draw();
    const again = at ? this.querySelector<HTMLElement>(`[data-at="${CSS.escape(at)}"]`) : null;
    again?.focus({ preventScroll: true });
    if (caret !== null && isText(again)) again.setSelectionRange(caret, caret);
  }

  private async discard(): Promise<void> {
    if (!await ask({ title: t("scriptedit.discard_title"), text: t("scriptedit.discard_text"), go: t("scriptedit.discard"), isGrave: true }, t("cancel"))) return;
    await this.away(() => post(`${this.path}/discard`, { revision: this.draft.revision }));
  }

  private async propose(): Promise<void> {
    const said = await ask({ title: t("scriptedit.propose"), text: t("scriptedit.propose_text"), go: t("scriptedit.propose"), fields: [
      h("div", { class: "field" }, h("label", { for: "p-version" }, t("scriptedit.version")), h("input", { id: "p-version", name: "version", required: true, pattern: "[0-9]{1,4}[.][0-9]{1,4}[.][0-9]{1,4}", value: this.draft.next_version })),
      h("div", { class: "field" }, h("label", { for: "p-from" }, t("scriptedit.from")), h("input", { id: "p-from", name: "effective_from", type: "date", required: true, value: new Date().toISOString().slice(0, 10) })),
      h("div", { class: "field" }, h("label", { for: "p-reason" }, t("scriptedit.reason")), h("textarea", { id: "p-reason", name: "reason", maxlength: 400, rows: 3 })),
    ] }, t("cancel"));
    if (!said) return;
    const reason = String(said.get("reason") ?? "").replace(/\s+/g, " ").trim();
    await this.away(() => post(`${this.path}/propose`, { revision: this.draft.revision, version: String(said.get("version")), effective_from: String(said.get("effective_from")), reason }));
  }

  private async away(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
      this.isDirty = false;
      location.assign(`/scripts/${encodeURIComponent(this.draft.script)}`);
    } catch (error) {
      toast(error instanceof Problem ? error.text : String(error), { isBad: true });
    }
  }
}
customElements.define("jl-script-editor", ScriptEditor);
