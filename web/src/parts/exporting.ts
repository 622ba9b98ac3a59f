// Taking a package away takes a second person: asking for it with a reason and where it goes, waiting, and the download once somebody else has approved.

import { apiOf, get, post, Problem } from "../api.ts";
import { ask, busy, h, icon, Region, toast } from "../dom.ts";
import { t } from "../words.ts";

interface Request { kind: string; action: string; case: string; state: string; is_own: boolean; expires_at: string; used_at: string; decided_by_name: string }

export const REASON_MIN = 10;
const RECIPIENTS = ["own", "subject", "institution", "authority"];
const LOOK_AGAIN_MS = 3_000;

/** Of one's own requests for this case the newest that still counts: approved, good and not used up, or waiting; the list is newest first. */
export function requestFor(requests: Request[], ref: string, now: Date): Request | null {
  const own = requests.filter((each) => each.is_own && each.kind === "approval" && each.action === "package.export" && each.case === ref && each.used_at === "" && new Date(each.expires_at) > now);
  return own.find((each) => each.state === "approved") ?? own.find((each) => each.state === "asked") ?? null;
}

/** A part of the page of a case that is over: `look` asks anew how the request stands. */
export class Exporting {
  readonly at = h("div", { class: "stack-small" });
  private readonly region = new Region(this.at);

  constructor(private readonly ref: string) {}

  async look(): Promise<void> {
    const found = await get<{ requests: Request[] }>("/api/v1/access/requests");
    const request = requestFor(found.requests, this.ref, new Date());
    this.region.show(request, () => this.shown(request));
  }

  private shown(request: Request | null): HTMLElement[] {
    if (request?.state === "approved") {
      return [h("a", { class: "button", href: `${apiOf(this.ref)}/package?as=staff`, download: true, onclick: (event: Event) => { event.preventDefault(); void busy(event.currentTarget as HTMLElement, () => this.fetch()); } }, t("outcome.download")), h("p", { class: "note" }, t("outcome.export_approved", { name: request.decided_by_name }))];
    }
    if (request) return [h("p", { class: "says", role: "status" }, icon("clock"), t("outcome.export_waiting"))];
    return [h("button", { class: "button", "data-key": "export", onclick: () => void this.ask() }, t("outcome.export_ask")), h("p", { class: "note" }, t("outcome.export_why"))];
  }

  /** A link cannot ask who follows it: the person proves first that it is them. The approval is good for this one download: a second press while it
   * begins would ask for another, be refused, and take the first with it. */
  private async fetch(): Promise<void> {
    try {
      await post("/api/v1/me/recent");
      location.assign(`${apiOf(this.ref)}/package?as=staff`);
      await new Promise((resolve) => { window.setTimeout(resolve, LOOK_AGAIN_MS); });
      await this.look();
    } catch (error) {
      toast(error instanceof Problem ? error.text : String(error), { isBad: true });
    }
  }

  private async ask(): Promise<void> {
    const reason = h("input", { name: "reason", required: true, minlength: REASON_MIN, maxlength: 400, autocomplete: "off" });
    const place = h("input", { name: "place", required: true, maxlength: 9, pattern: "[A-Z]{2}(-[A-Z0-9]{1,6})?", placeholder: "CN", autocomplete: "off" });
    const recipient = h("select", { name: "recipient", required: true }, h("option", { value: "" }, t("to.choose")), ...RECIPIENTS.map((each) => h("option", { value: each }, t(`recipient.${each}`))));
    const fields = [[t("outcome.export_reason"), reason], [t("to.place"), place], [t("to.recipient"), recipient]].map(([label, field]) => h("label", { class: "field" }, h("span", null, label), field));
    const said = await ask({ title: t("outcome.export_ask"), text: t("outcome.export_why"), go: t("outcome.export_go"), fields }, t("cancel"));
    if (!said) return;
    try {
      await post("/api/v1/access/requests", { kind: "approval", action: "package.export", case: this.ref, reason: String(said.get("reason") ?? ""), place: String(said.get("place") ?? ""), recipient: String(said.get("recipient") ?? "") });
      await this.look();
    } catch (error) {
      toast(error instanceof Problem ? error.text : String(error), { isBad: true });
    }
  }
}
