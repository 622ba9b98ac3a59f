// The customer's own copy: opened by a link and its code, kept as one file; and the link itself, made by staff.

import { apiOf, headers, post, Problem } from "../api.ts";
import { busy, h, ready, toast } from "../dom.ts";
import { shownAt } from "../times.ts";
import { t } from "../words.ts";
import { fileOf } from "./copyfile.ts";

class CopyPage extends HTMLElement {
  connectedCallback(): void {
    const form = this.querySelector("form");
    if (form) this.ask(form);
    this.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-download-copy]");
      if (button) this.keep(button.dataset["downloadCopy"] ?? "");
    });
  }

  private ask(form: HTMLFormElement): void {
    const token = decodeURIComponent(location.hash.slice(1));
    if (!token) { this.wrong(t("copy.incomplete")); return; }
    ready(form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void busy(form.querySelector("button"), () => this.open(form, token));
    });
  }

  private async open(form: HTMLFormElement, token: string): Promise<void> {
    const body = new URLSearchParams({ token, code: String(new FormData(form).get("code") ?? "").replace(/\D/g, "") });
    let answer: Response;
    try {
      answer = await fetch("/copy", { method: "POST", body, headers: headers(), credentials: "same-origin", cache: "no-store" });
    } catch { this.wrong(t("problem.0")); return; }
    if (!answer.ok) { this.wrong(answer.status === 403 ? t("copy.wrong") : t(`problem.${answer.status === 422 ? 422 : answer.status === 503 ? 503 : 500}`)); return; }
    const made = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-copy]");
    if (!made) { this.wrong(t("problem.500")); return; }
    history.replaceState(null, "", location.pathname); // the link is used; nobody is to think that it still works
    this.replaceChildren(document.adoptNode(made));
    this.querySelector<HTMLElement>("h1")?.setAttribute("tabindex", "-1");
    this.querySelector<HTMLElement>("h1")?.focus();
  }

  private wrong(text: string): void {
    const at = this.querySelector<HTMLElement>(".wrong");
    if (at) { at.textContent = text; at.hidden = false; }
  }

  private keep(day: string): void {
    const article = this.querySelector("[data-copy]");
    if (article) save(fileOf(article, document.documentElement.lang, document.title), `${t("copy.file")}-${day}.html`);
  }
}

function save(text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/html;charset=utf-8" }));
  const link = h("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

class CopyLink extends HTMLElement {
  connectedCallback(): void {
    const button = this.querySelector("button");
    button?.addEventListener("click", () => void busy(button, async () => {
      try {
        const made = await post<{ url: string; code: string; expires_at: string }>(`${apiOf(this.dataset["case"] ?? "")}/copies`, { seat: "customer" });
        this.replaceChildren(h("div", { class: "says stack-small", role: "status" }, h("h3", null, t("copy.made")), h("p", null, t("copy.text")),
          h("input", { class: "mono", readonly: true, value: made.url, "aria-label": t("copy.made") }), h("p", null, t("copy.code"), " ", h("b", { class: "big-code" }, made.code)),
          h("p", { class: "note" }, t("invite.until", { time: shownAt(made.expires_at) }))));
      } catch (error) { toast(error instanceof Problem ? error.text : String(error), { isBad: true }); }
    }));
  }
}

customElements.define("jl-copy", CopyPage);
customElements.define("jl-copy-link", CopyLink);
