// The form of a new case: fields of the chosen template, values in the kinds that the API wants.

import { post } from "../api.ts";
import { busy, ready } from "../dom.ts";
import { t } from "../words.ts";
import { suggested, valueOf } from "../values.ts";
import { say } from "./entrance.ts";

class NewCase extends HTMLElement {
  connectedCallback(): void {
    const form = this.querySelector("form");
    if (!form) return;
    form.addEventListener("change", (event) => { if ((event.target as HTMLInputElement).name === "template") this.show(form); });
    form.addEventListener("input", (event) => { const field = (event.target as HTMLElement).closest(".field"); if (field?.classList.contains("is-wrong")) mark(event.target as Checked); });
    form.addEventListener("submit", (event) => { event.preventDefault(); void busy(form.querySelector("button.main"), () => this.make(form)); });
    const number = form.querySelector<HTMLInputElement>("#number");
    if (number && !number.value) number.value = suggested(new Date());
    const asked = new URLSearchParams(location.search);
    for (const name of ["template", "profile", "language"]) {
      const wished = form.querySelector<HTMLInputElement>(`[name=${name}][value="${CSS.escape(asked.get(name) ?? "")}"]`);
      if (wished) wished.checked = true;
    }
    this.show(form);
    ready(form);
  }

  private show(form: HTMLFormElement): void {
    const chosen = String(new FormData(form).get("template"));
    for (const part of form.querySelectorAll<HTMLElement>("[data-template]")) {
      part.hidden = part.dataset["template"] !== chosen;
      if (!part.hidden) {
        const profiles = (part.dataset["profiles"] ?? "").split(" ");
        for (const each of form.querySelectorAll<HTMLInputElement>("[name=profile]")) {
          each.disabled = !profiles.includes(each.value);
          each.closest<HTMLElement>(".choice")!.hidden = each.disabled;
        }
        const title = form.querySelector<HTMLInputElement>("#title");
        const name = form.querySelector(`[name=template][value="${CSS.escape(chosen)}"] + span b`)?.textContent ?? "";
        if (title && (!title.value || title.dataset["filled"] === title.value)) { title.value = name; title.dataset["filled"] = name; }
      }
    }
  }

  private async make(form: HTMLFormElement): Promise<void> {
    say(form, null);
    const wrong = [...form.querySelectorAll<Checked>("input, select")].filter((each) => !each.closest("[hidden]") && !each.disabled && !mark(each));
    if (wrong.length) { say(form, t("new.incomplete")); wrong[0]?.focus(); return; }
    const said = new FormData(form);
    const facts: Record<string, unknown> = {};
    for (const field of form.querySelectorAll<HTMLElement>("[data-template]:not([hidden]) [data-fact]")) {
      const value = field.dataset["kind"] === "codes" ? [...field.querySelectorAll<HTMLInputElement>("input:checked")].map((each) => each.value) : valueOf((field as HTMLInputElement).value.trim(), field.dataset["kind"] ?? "text");
      if (value !== "") facts[field.dataset["fact"]!] = value;
    }
    const body = { template: said.get("template"), number: said.get("number"), title: said.get("title"), language: said.get("language"), profile: said.get("profile"), end_to_end: said.get("end_to_end") === "on", facts,
      people: { customer: { name: said.get("customer-name"), phone: said.get("customer-phone") } } };
    try {
      const made = await post<{ case: string }>("/api/v1/cases", body);
      const ticket = this.dataset["ticket"];
      if (ticket) {
        await post(`/api/v1/cases/${made.case}/seat`, { seat: "agent" });
        await post(`/api/v1/queue/${encodeURIComponent(ticket)}/serve`, { case: made.case });
      }
      location.assign(`/cases/${made.case}`);
    } catch (error) {
      say(form, error);
      form.querySelector(".wrong")?.scrollIntoView({ block: "center" });
    }
  }
}

type Checked = HTMLInputElement | HTMLSelectElement;

function mark(field: Checked): boolean {
  const isRight = field.checkValidity();
  field.closest(".field")?.classList.toggle("is-wrong", !isRight);
  field.setAttribute("aria-invalid", String(!isRight));
  return isRight;
}

customElements.define("jl-new-case", NewCase);
