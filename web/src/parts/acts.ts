// Acts of a session: each is a call of the API whose answer is the session as it is now.

import { apiOf, post, Problem } from "../api.ts";
import { ask, busy, h, toast } from "../dom.ts";
import type { Session, View } from "../session.ts";
import { t } from "../words.ts";

export const REASONS = ["asked_again", "misunderstood", "interrupted", "document_unclear", "technical", "other"] as const;

const START_TRIES = 12;

export class Acts {
  constructor(readonly session: Session) {}

  /** Do it; what was refused is said, and the page shows the state that refused it. */
  async do(path: string, body: unknown = {}, method = "POST"): Promise<boolean> {
    try {
      this.session.take(await post<Partial<View>>(`${apiOf(this.session.ref)}/${path}`, body, method));
      return true;
    } catch (error) {
      toast(error instanceof Problem ? error.text : String(error), { isBad: true });
      await this.session.refresh().catch(() => undefined);
      return false;
    }
  }

  /** Start recording. The recorder first looks whether media arrives, so the first answers may be that it saw none yet. */
  async start(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        this.session.take(await post<Partial<View>>(`${apiOf(this.session.ref)}/start`));
        return;
      } catch (error) {
        const isEarly = error instanceof Problem && (error.status === 503 || error.code === "not_seen_yet");
        if (!isEarly || tries >= START_TRIES) {
          toast(error instanceof Problem ? (isEarly ? t("prepare.no_media") : error.text) : String(error), { isBad: true });
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  /** A button that does it. */
  button(text: string, path: string, body: unknown = {}, look = "", more: Record<string, unknown> = {}): HTMLButtonElement {
    const made: HTMLButtonElement = h("button", { class: `button ${look}`, type: "button", "data-key": `${path}:${JSON.stringify(body)}`, ...more, onclick: () => void busy(made, async () => { await this.do(path, body); }) }, text);
    return made;
  }

  /** A button to get up from one's seat. */
  leaveButton(text: string): HTMLButtonElement {
    const made: HTMLButtonElement = h("button", { class: "button", type: "button", "data-key": "leave", onclick: () => void busy(made, async () => { await this.do("seat", undefined, "DELETE"); }) }, text);
    return made;
  }

  /** As `do`, after asking for a reason. */
  async withReason(title: string, text: string, path: string, options: { isGrave?: boolean; isFree?: boolean; reasons?: readonly string[]; more?: HTMLElement[]; body?: Record<string, unknown> } = {}): Promise<boolean> {
    const field = options.isFree ? null : h("div", { class: "field" }, h("label", { for: "why" }, t("act.reason")), h("select", { id: "why", name: "reason" }, (options.reasons ?? REASONS).map((reason) => h("option", { value: reason }, t(`reason.${reason}`)))));
    const said = await ask({ title, text, go: title, isGrave: options.isGrave, fields: [...(options.more ?? []), ...(field ? [field] : [])] }, t("cancel"));
    if (!said) return false;
    const body = { ...(options.body ?? {}), ...Object.fromEntries([...said.entries()].filter(([, value]) => value !== "")) };
    return this.do(path, body);
  }
}
