// The dialog that asks a person to prove anew who they are, and the word that the device of a sign-in is still here.

import { apiOf, capacity, get, onStepUp, post, Problem } from "../api.ts";
import { ask, busy, h, toast } from "../dom.ts";
import { hasPasskeys, isGivenUp, proved } from "../passkey.ts";
import { t } from "../words.ts";

export const AWAY_FOR = "jianlu-organisation";
export interface Away { wanted: string; isStepUp: boolean }

/** Off to the organisation's sign-in; `/sign-in/back` goes on from there. */
export async function toOrganisation(away: Away): Promise<void> {
  const path = away.isStepUp ? "/api/v1/me/step-up/organisation/begin" : "/api/v1/sign-in/organisation/begin";
  const { address } = await post<{ address: string }>(path);
  sessionStorage.setItem(AWAY_FOR, JSON.stringify(away));
  location.assign(address);
}

let asking: Promise<boolean> | null = null;

/** Ask the person to prove anew who they are; several calls that need it at once ask once. */
function stepUp(): Promise<boolean> {
  asking ??= prove().finally(() => { asking = null; });
  return asking;
}

async function prove(): Promise<boolean> {
  const me = await get<{ has_totp: boolean; proved_by: string }>("/api/v1/me");
  const field = me.has_totp ? "code" : "password";
  const wrong = h("p", { class: "wrong", role: "alert", hidden: true });
  const entered = h("div", { class: "field" }, h("label", { for: "step-up" }, t(`step_up.${field}`)),
    h("input", { id: "step-up", name: field, type: field === "code" ? "text" : "password", inputmode: field === "code" ? "numeric" : "text", autocomplete: field === "code" ? "one-time-code" : "current-password" }));
  return new Promise((resolve) => {
    let isOver = false;
    const over = (is: boolean): void => { if (isOver) return; isOver = true; dialogOf(wrong)?.remove(); resolve(is); };
    const by = (button: HTMLElement, body: () => Promise<unknown>): void => void busy(button, async () => {
      wrong.hidden = true;
      try { await post("/api/v1/me/step-up", await body()); over(true); } catch (error) {
        wrong.textContent = isGivenUp(error) ? t("sign_in.given_up") : error instanceof Problem && error.status === 401 ? t("step_up.wrong") : error instanceof Problem ? error.text : String(error);
        wrong.hidden = false;
      }
    });
    const passkey: HTMLButtonElement = h("button", { class: "button wide", type: "button", disabled: !hasPasskeys(), onclick: () => by(passkey, async () => ({ credential: await proved("/api/v1/me/step-up/options") })) }, t("step_up.passkey"));
    const organisation = me.proved_by === "organisation" ? h("button", { class: "button wide", type: "button", onclick: () => void toOrganisation({ wanted: location.pathname, isStepUp: true }).catch((error: unknown) => toast(error instanceof Problem ? error.text : String(error), { isBad: true })) }, t("step_up.organisation")) : null;
    const fields = [passkey, ...(organisation ? [organisation] : []), entered, wrong];
    void again(fields, by, over);
  });
}

/** The dialog closes with each answer; a wrong one opens it again with what was wrong. */
async function again(fields: HTMLElement[], by: (button: HTMLElement, body: () => Promise<unknown>) => void, over: (is: boolean) => void): Promise<void> {
  const said = await ask({ title: t("step_up.title"), text: t("step_up.text"), go: t("step_up.go"), fields }, t("cancel"));
  if (said === null) { over(false); return; }
  const body = Object.fromEntries([...said.entries()].filter(([, value]) => value !== ""));
  try { await post("/api/v1/me/step-up", body); over(true); } catch (error) {
    const wrong = fields[fields.length - 1];
    if (wrong) { wrong.textContent = error instanceof Problem && error.status !== 401 && error.status !== 422 ? error.text : t("step_up.wrong"); wrong.hidden = false; }
    void again(fields, by, over);
  }
}

const dialogOf = (inside: HTMLElement): HTMLElement | null => inside.closest("dialog");
onStepUp(stepUp);

const HERE_MS = 45_000;

const CASE_PAGE = /^\/cases\/(c[a-z2-7]{26})$/;

/** Whether this is the page of a recorded call in which the person has a seat: it goes on when the sign-in ends, until the call does. */
async function isInCall(): Promise<boolean> {
  const ref = CASE_PAGE.exec(location.pathname)?.[1];
  return ref !== undefined && get(`${apiOf(ref)}/session`).then(() => true, (error: unknown) => !(error instanceof Problem && error.status === 401));
}

/** While a page of a member of staff is open, its device says so; when the sign-in ended, the page shows it. */
function stayHere(): void {
  const beat = (): void => void post("/api/v1/me/here").catch(async (error: unknown) => {
    if (error instanceof Problem && error.status === 401 && !(await isInCall())) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  });
  window.setInterval(beat, HERE_MS);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") beat(); });
}
if (capacity() === "staff") stayHere();
