// What the verification page shows of a certificate of destruction: its facts, and who attests its time or that nobody does.

import { h } from "../dom.ts";
import { shownAt } from "../times.ts";
import { t } from "../words.ts";

/** `verify --json` of a certificate: specs/custody.md. */
export interface CertificateDocument {
  certificate: "destruction"; version: number; intact: boolean; tenant: string; case: string; part: string; until: string; clause: string; started_at: string; completed_at: string; objects: number;
  said: { started?: { reason?: string } };
  stamps: { authority: string; at: string; size: number; covers_case: boolean; checked: boolean; command: string }[];
  time_evidenced: boolean;
  signer: { ledger: string; trusted: boolean; saved_checkpoint: string };
}

export const WAS = ["verify.was_chains", "verify.was_ledger", "verify.was_two", "verify.was_left"];
export const NOT = ["verify.not_copies"];

export function certificateFacts(said: CertificateDocument): HTMLElement | null {
  if (!said.intact) return null;
  const rows: [string, string][] = [...(said.part ? [["part", t(`verify.part_${said.part}`)] as [string, string]] : []), ["until", `${said.until} ${said.clause}`], ["started", shownAt(said.started_at)], ["completed", shownAt(said.completed_at)], ["objects", String(said.objects)], ["reason", String(said.said.started?.reason ?? "")]];
  return h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", null, t(`verify.${name}`)), h("dd", null, value)]));
}

/** Each time stamp with its authority; without one that was checked and covers the destruction, that no third party says when. */
export function certificateTime(said: CertificateDocument): HTMLElement | null {
  if (!said.intact) return null;
  return h("section", { class: "sheet stack", "data-time": said.time_evidenced ? "evidenced" : "not-evidenced" }, h("h2", null, t("verify.time")),
    said.time_evidenced ? null : h("p", { class: "says care" }, t(said.version === 1 ? "verify.no_time_1" : "verify.no_time")),
    said.stamps.length ? h("ul", { class: "lines" }, said.stamps.map((each) => h("li", null, h("span", { class: "grow" }, h("b", null, each.authority), " ", t(each.covers_case ? "verify.attests" : "verify.before"), " ", h("time", { datetime: each.at }, shownAt(each.at)),
      h("details", null, h("summary", null, t("verify.openssl")), h("p", { class: "digest" }, each.command))), h("span", { class: `badge ${each.checked ? "good" : "care"}` }, t(each.checked ? "verify.stamp_checked" : "verify.stamp_claimed"))))) : null);
}
