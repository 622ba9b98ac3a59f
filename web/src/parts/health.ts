// What a page may say of the recording: "not recorded" only when that is certain, and what nobody knows as unknown.

import type { View } from "../session.ts";
import type { Both } from "../words.ts";

/** Alarms that everybody in the session is told, the customer too: whether they are recorded is not known, or not what they were told. */
const DOUBTS = ["pause_unconfirmed", "not_measured"];

export function doubt(view: View): Both | null {
  return view.health.messages.find((each) => DOUBTS.includes(each.code))?.text ?? null;
}

/** People paused, and every recorder says that it did. A talk that the health of its recording suspended is recorded on. */
export function isUnrecorded(view: View): boolean {
  return view.state === "paused" && view.reason !== "unhealthy" && !view.health.messages.some((each) => each.code === "pause_unconfirmed");
}
