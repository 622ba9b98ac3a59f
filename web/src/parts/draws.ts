// The buttons of the statistics of reviews: draw now what was closed, and draw a past sample again to see whether it is the same.

import { get, post, Problem } from "../api.ts";
import { toast } from "../dom.ts";
import { t } from "../words.ts";

document.addEventListener("click", (event) => {
  const button = (event.target as Element | null)?.closest<HTMLButtonElement>("button[data-review]");
  if (!button) return;
  const failed = (error: unknown): void => { button.disabled = false; toast(error instanceof Problem ? error.text : String(error), { isBad: true }); };
  button.disabled = true;
  if (button.dataset["review"] === "draw") void post("/api/v1/reviews/draws").then(() => { toast(t("review.drawn")); location.reload(); }, failed);
  else {
    const { plan = "", no = "" } = button.dataset;
    void get(`/api/v1/reviews/draws/${encodeURIComponent(plan)}/${encodeURIComponent(no)}`).then(() => { button.disabled = false; toast(t("review.same", { no })); }, failed);
  }
});
