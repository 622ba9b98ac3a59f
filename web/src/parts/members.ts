// Who can hear and see an encrypted session: pages and recorders by name, each with its key's fingerprint, and the code that people compare.

import { busy, h, icon } from "../dom.ts";
import type { Member, View } from "../session.ts";
import { t } from "../words.ts";
import type { Checked, Encryption } from "./encryption.ts";

export const fours = (text: string): string => text.match(/.{1,4}/g)?.join(" ") ?? "";

const nameOf = (member: Member): string => (member.kind === "recorder" ? t("e2ee.recorder", { name: member.member.replace(/^recorder-/, "").toUpperCase() }) : t(`seat.${member.member}`));

/** What a draw depends on. */
export const membersShown = (view: View, mine: Encryption): unknown => [view.encryption, mine.members, mine.code, mine.lock, mine.id, mine.trouble, [...mine.proven], view.you?.seat];

export function membersPart(view: View, mine: Encryption): HTMLElement | null {
  if (mine.lock === "off") return null;
  if (mine.lock === "refused") return h("section", { class: "sheet stack-small e2ee", "data-lock": "refused" }, h("p", { class: "says bad", role: "alert" }, t(view.encryption ? "e2ee.no_browser" : "e2ee.downgraded")));
  const members = mine.members;
  return h("section", { class: "sheet stack-small e2ee", "data-lock": mine.lock }, h("h3", null, icon("lock"), t("e2ee.title")), h("p", { class: "note" }, t("e2ee.text")),
    mine.lock === "waiting" && !mine.isLead ? h("p", { class: "says care" }, t("e2ee.waiting")) : null,
    mine.trouble ? h("p", { class: "says bad", role: "alert" }, mine.trouble) : null,
    mine.lock === "waiting" && mine.isLead && view.encryption?.secret ? startOver(mine, "e2ee.waiting_lead") : null,
    mine.lock === "on" && mine.isLead && members.some((each) => each.state === "replaced") ? startOver(mine, "e2ee.replaced_lead") : null,
    mine.lock === "on" && mine.isOther ? other(view, mine) : null,
    mine.code ? h("div", null, h("p", { class: "note" }, t("e2ee.code")), h("p", { class: "big-code e2ee-code" }, fours(mine.code)), h("p", { class: "note" }, t("e2ee.code_text"))) : null,
    h("ul", { class: "lines" }, members.map((member) => row(member, view, mine))));
}

const startOver = (mine: Encryption, why: string): HTMLElement => h("div", { class: "says care stack-small" }, h("p", null, t(why)),
  h("button", { class: "button little", type: "button", "data-key": "e2ee-over", onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, () => mine.startOver()) }, t("e2ee.start_over")));

function row(member: Checked, view: View, mine: Encryption): HTMLElement {
  const isYou = member.member === view.you?.seat && member.state !== "replaced";
  const isDoubtful = member.kind === "seat" && member.state === "admitted" && !isYou && mine.lock === "on" && !mine.isOther && !mine.proven.has(member.member);
  const isAsking = mine.isLead && mine.lock === "on" && member.state === "asking" && !isYou && !member.isFalse;
  const isChanged = member.kind === "recorder" && isAsking && mine.known()[member.member] !== undefined;
  const act = (label: string, go: () => Promise<void>): HTMLElement => h("button", { class: "button little main", type: "button", "data-key": `e2ee-${member.member}`, onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, go) }, label);
  return h("li", { "data-member": member.member, "data-state": member.state }, h("span", { class: "grow" }, h("b", null, nameOf(member)), isYou ? h("span", { class: "note" }, t("people.you")) : null,
    h("span", { class: "note mono" }, fours(member.fingerprint.slice(0, 16))), member.isFalse ? h("span", { class: "wrong", role: "alert" }, t("e2ee.false")) : null, isDoubtful ? h("span", { class: "wrong" }, t("e2ee.unproven")) : null, isChanged ? h("span", { class: "wrong" }, t("e2ee.changed")) : null,
    member.state === "replaced" ? h("span", { class: "wrong" }, t(member.isLeftOut ? "e2ee.left_out" : "e2ee.replaced")) : null),
    h("span", { class: `badge ${member.state === "admitted" && !isDoubtful && !member.isFalse ? "good" : member.state === "away" || member.isFalse ? "bad" : "care"}` }, t(`e2ee.state_${member.state}`)),
    isAsking ? act(t(member.kind === "recorder" ? "e2ee.admit" : "e2ee.hand_over"), () => (member.kind === "recorder" ? mine.admit(member) : mine.handOver(member))) : null);
}

/** The lead's page has another secret than this one: taking it is a person's decision. */
function other(view: View, mine: Encryption): HTMLElement {
  if (mine.isLead) return h("p", { class: "says care" }, t("e2ee.saving"));
  const wrapped = view.encryption?.handover ?? "";
  return h("div", { class: "says care stack-small" }, h("p", null, t("e2ee.other")), wrapped ? h("button", { class: "button little", type: "button", "data-key": "e2ee-take", onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, () => mine.fetch(wrapped, view.you?.seat ?? "")) }, t("e2ee.take")) : null);
}
