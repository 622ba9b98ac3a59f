// Who is in the session, and invitations: link, QR code and the code by which the customer checks the agent.

import { renderSVG } from "uqr";
import { apiOf, post, Problem } from "../api.ts";
import { busy, h, toast } from "../dom.ts";
import { may, type Session, type View } from "../session.ts";
import { shownAt } from "../times.ts";
import { t } from "../words.ts";
import { svgAddress, withNamespace } from "../values.ts";

interface Invitation { url: string; token?: string; qr_svg?: string; check_code?: string; expires_at?: string }

export function peopleList(session: Session, view: View): HTMLElement {
  return h("ul", { class: "lines" }, view.seats.map((seat) => {
    const isAway = seat.state === "away";
    const canInvite = may(view, "invite") && seat.seat !== "agent"; // also to a seat that is taken: the customer goes on with another phone
    const devices = Object.entries(seat.device ?? {}).filter(([, result]) => result === "failed").map(([name]) => t(`check.${name}`));
    return h("li", null, h("span", { class: "grow" }, h("b", null, t(`seat.${seat.seat}`)), seat.display ? ` ${seat.display}` : "", seat.is_you ? h("span", { class: "note" }, t("people.you")) : null,
      seat.device && "sample_clips" in seat.device ? h("span", { class: "note" }, t("sample.label")) : null, devices.length ? h("span", { class: "wrong" }, t("people.failed", { what: devices.join(", ") })) : null),
      h("span", { class: `badge ${seat.state === "present" ? "good" : isAway ? "bad" : seat.state === "waiting" ? "act" : ""}` }, t(`seatstate.${seat.state}`)),
      canInvite ? h("button", { class: "button little", type: "button", "data-key": `invite-${seat.seat}`, onclick: (event: Event) => void busy(event.currentTarget as HTMLElement, () => invitations(session, seat.seat)) }, t("people.invite")) : null);
  }));
}

/** A fresh invitation in a dialog. The earlier one to this seat no longer works. */
export async function invitations(session: Session, seat: string): Promise<void> {
  try {
    const made = await post<Invitation>(`${apiOf(session.ref)}/invitations`, { seat });
    show(session.secretLink ? withSecret(made, session.secretLink) : made, seat);
    await session.refresh();
  } catch (error) {
    toast(error instanceof Problem ? error.text : String(error), { isBad: true });
  }
}

/** The link of an encrypted session carries the secret; the server never has it, so that the QR code is drawn here. */
function withSecret(made: Invitation, secret: string): Invitation {
  const url = made.url + secret;
  return { ...made, url, qr_svg: renderSVG(url, { ecc: "L", border: 4 }) };
}

function show(made: Invitation, seat: string): void {
  const link = h("input", { class: "mono", readonly: true, value: made.url, "aria-label": t("invite.link"), id: "invite-link" });
  const copy = h("button", { class: "button main", type: "button", onclick: () => {
    link.select();
    void navigator.clipboard?.writeText(made.url).then(() => { copy.textContent = t("invite.copied"); }, () => undefined);
  } }, t("invite.copy"));
  const close = (): void => { dialog.close(); dialog.remove(); };
  const dialog = h("dialog", { "aria-labelledby": "invite-title", class: "invite" }, h("div", { class: "dialog-in" },
    h("h2", { id: "invite-title" }, t("invite.title", { who: t(`seat.${seat}`) })), h("p", { class: "soft" }, t("invite.text")),
    h("div", { class: "invite-in" }, made.qr_svg ? h("img", { class: "qr", alt: t("invite.qr"), src: svgAddress(withNamespace(made.qr_svg)) }) : null,
      h("div", { class: "stack-small" }, made.check_code ? h("div", null, h("p", { class: "note" }, t("invite.check")), h("p", { class: "big-code" }, made.check_code), h("p", { class: "note" }, t("invite.check_text"))) : null, made.expires_at ? h("p", { class: "note" }, t("invite.until", { time: shownAt(made.expires_at) })) : null)),
    h("div", { class: "row" }, h("div", { class: "grow" }, link), copy), h("div", { class: "row row-end" }, h("button", { class: "button", type: "button", onclick: close }, t("invite.close")))));
  dialog.addEventListener("cancel", close);
  document.body.append(dialog);
  dialog.showModal();
}
