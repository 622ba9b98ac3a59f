// In which zone times are shown: the institution's, this device's, or any that the browser knows. Kept in a cookie of this browser.

import { h } from "../dom.ts";
import { t } from "../words.ts";

const COOKIE = "__Host-jianlu-zone";
const YEAR_S = 365 * 24 * 3600;

class ZoneChoice extends HTMLElement {
  connectedCallback(): void {
    const { zone = "UTC", institutionZone = "UTC" } = document.documentElement.dataset;
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
    const named = new Map([[institutionZone, t("account.zone_own", { zone: institutionZone })]]);
    if (here !== institutionZone) named.set(here, t("account.zone_here", { zone: here }));
    if (!named.has("UTC")) named.set("UTC", "UTC");
    const others = [...new Set([zone, ...Intl.supportedValuesOf("timeZone")])].filter((each) => !named.has(each));
    const option = (value: string, text: string): HTMLElement => h("option", { value, selected: value === zone }, text);
    const select = h("select", { id: "zone-choice", onchange: () => this.keep(select.value, institutionZone) },
      [...named].map(([value, text]) => option(value, text)), h("optgroup", { label: t("account.zone_more") }, others.map((each) => option(each, each))));
    this.replaceChildren(h("div", { class: "field" }, h("label", { for: "zone-choice" }, t("account.zone")), select));
  }

  /** The institution's own zone is no choice: it follows when the institution changes it. */
  private keep(zone: string, institution: string): void {
    const isOwn = zone === institution;
    document.cookie = `${COOKIE}=${isOwn ? "" : zone}; path=/; max-age=${isOwn ? 0 : YEAR_S}; samesite=lax; secure`;
    location.reload();
  }
}

customElements.define("jl-zone", ZoneChoice);
