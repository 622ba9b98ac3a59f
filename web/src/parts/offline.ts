// Says at once, on every page, that this device is offline; and that it is back.

import { h, toast } from "../dom.ts";
import { t } from "../words.ts";

class Offline extends HTMLElement {
  connectedCallback(): void {
    const show = (): void => {
      if (navigator.onLine) this.replaceChildren();
      else this.replaceChildren(h("p", { class: "offline", role: "alert" }, t("offline.text")));
    };
    window.addEventListener("offline", show);
    window.addEventListener("online", () => { show(); toast(t("offline.back")); });
    show();
  }
}
customElements.define("jl-offline", Offline);
