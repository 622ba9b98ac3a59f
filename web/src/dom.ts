// A small way to make elements, and to replace a part of a page only when what it shows has changed.

type Child = Node | string | number | false | null | undefined | Child[];
type Attributes = Record<string, unknown>;

const SVG = "http://www.w3.org/2000/svg";

/** An element: `class`, attributes, `onclick`-like listeners; true sets a bare attribute, false, null and undefined leave it out. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes?: Attributes | null, ...children: Child[]): HTMLElementTagNameMap[K];
export function h(tag: string, attributes?: Attributes | null, ...children: Child[]): HTMLElement;
export function h(tag: string, attributes?: Attributes | null, ...children: Child[]): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on") && typeof value === "function") made.addEventListener(name.slice(2), value as EventListener);
    else if (name === "value" && "value" in made) (made as HTMLInputElement).value = String(value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  append(made, children);
  return made;
}

function append(to: Node, children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(to, child);
    else if (child instanceof Node) to.appendChild(child);
    else if (child !== false && child !== null && child !== undefined) to.appendChild(document.createTextNode(String(child)));
  }
}

const PATHS: Record<string, string> = {
  camera: "M4.5 6.500H13a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H4.500a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2ZM15 10.500l6-3.200v9.400l-6-3.2",
  mic: "M12 3.500a2.8 2.8 0 0 1 2.8 2.800v5a2.8 2.8 0 0 1-5.6 0v-5A2.8 2.8 0 0 1 12 3.500ZM6 11a6 6 0 0 0 12 0M12 17v3.5",
  micoff: "M9.2 9v2.300a2.8 2.8 0 0 0 4.6 2.100M14.8 10V6.300A2.8 2.8 0 0 0 9.5 5M6 11a6 6 0 0 0 9.5 4.900M18 11a6 6 0 0 1-.5 2.400M12 17v3.500M4 4l16 16",
  speaker: "M4 9.500h3.500L12 5.500v13l-4.5-4H4zM15.5 9a4.5 4.5 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",
  check: "m5 12.5 4.5 4.500L19 7.5",
  cross: "M6 6l12 12M18 6 6 18",
  question: "M9 9.300a3 3 0 1 1 4.3 2.700c-.9.5-1.3 1-1.3 2M12 17.200v.3",
  alert: "M12 4 2.8 19.500h18.400zM12 10v4.500M12 17v.3",
  lock: "M7 10.500h10a2 2 0 0 1 2 2V18a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-5.500a2 2 0 0 1 2-2ZM8 10.500V8a4 4 0 0 1 8 0v2.5",
  shield: "M12 3.5 5 6v5.500c0 4.3 2.9 7.4 7 9 4.1-1.6 7-4.7 7-9V6zM9 12l2.2 2.2 4-4.2",
  play: "M8 5.500v13l10.5-6.500z",
  pause: "M8 5.500v13M16 5.500v13",
  back: "M11 6 5 12l6 6M5 12h14",
  screen: "M4.5 5h15a1.5 1.5 0 0 1 1.5 1.500v9a1.5 1.5 0 0 1-1.5 1.500h-15A1.5 1.5 0 0 1 3 15.500v-9A1.5 1.5 0 0 1 4.5 5ZM9 20.500h6M12 17v3.5",
  pen: "m4 20 1-4.500L16 4.500l3.5 3.5-11 11zM13.5 7l3.5 3.5",
  page: "M7 3.500h7l4 4v12a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1ZM14 3.500v4h4M9 12h6M9 16h6",
  chat: "M4 5.500h16v11H10l-4 3.500v-3.500H4z",
  people: "M9 11.500a3.2 3.2 0 1 0 0-6.5 3.2 3.2 0 0 0 0 6.500ZM3 19c.5-3.5 2.8-5 6-5s5.5 1.5 6 5M16 5.500a3 3 0 0 1 0 5.800M17.5 14.300c2 .6 3.2 2 3.5 4.7",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.700l1-1",
  door: "M6 20.500V5a1.5 1.5 0 0 1 1.5-1.500h9A1.5 1.5 0 0 1 18 5v15.500M3.5 20.500h17M14.5 12v1.2",
  hand: "M8 12V5.500a1.5 1.5 0 0 1 3 0V11m0-1V4.500a1.5 1.5 0 0 1 3 0V11m0-.5v-4a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6c-2.5 0-4-1-5.2-3.200L4 13.500c-.8-1.5 1-2.8 2.2-1.500L8 14",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 14.800a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.600Z",
  flask: "M9 3.500h6M10 3.500V10l-5 8.500a1.5 1.5 0 0 0 1.3 2h11.400a1.5 1.5 0 0 0 1.3-2L14 10V3.500M7.5 15h9",
  redo: "M5 12a7 7 0 1 1 2.3 5.200M5 19v-4.500h4.5",
};

/** A line icon; it says nothing to those who listen, the text beside it does. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? "");
  svg.append(path);
  return svg;
}

/** A part of the page that is made anew only when `shown` differs from last time; the focused control keeps its focus by its `data-key`. */
export class Region {
  private last = "";
  constructor(readonly at: HTMLElement) {}

  show(shown: unknown, make: () => Child | Child[]): void {
    const now = JSON.stringify(shown);
    if (now === this.last) return;
    this.last = now;
    const focused = this.at.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset["key"] : undefined;
    this.at.replaceChildren();
    append(this.at, [make()]);
    if (focused) this.at.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
}

export interface Ask {
  title: string;
  text?: string;
  go: string;
  isGrave?: boolean;
  fields?: HTMLElement[];
}

/** A dialog that asks before something is done; resolves to its form's values, or null when the person changed their mind. */
export function ask(question: Ask, cancel: string): Promise<FormData | null> {
  return new Promise((resolve) => {
    const form = h("form", { class: "dialog-in", method: "dialog" },
      h("h2", { id: "ask-title" }, question.title),
      question.text ? h("p", { class: "soft" }, question.text) : null,
      question.fields ?? [],
      h("div", { class: "row row-end" },
        h("button", { class: "button", type: "button", onclick: () => finish(null) }, cancel),
        h("button", { class: `button main${question.isGrave ? " grave" : ""}`, value: "go" }, question.go)));
    const dialog = h("dialog", { "aria-labelledby": "ask-title" }, form);
    const finish = (answer: FormData | null): void => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      finish(new FormData(form));
    });
    dialog.addEventListener("cancel", () => finish(null));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A short message at the foot of the page. */
export function toast(text: string, options: { isBad?: boolean; action?: string; onAction?: () => void } = {}): void {
  const box = document.querySelector(".toasts");
  if (!box) return;
  const made = h("div", { class: `toast${options.isBad ? " bad" : ""}` }, h("span", null, text));
  if (options.action) made.append(h("button", { type: "button", onclick: () => { made.remove(); options.onAction?.(); } }, options.action));
  box.append(made);
  setTimeout(() => made.remove(), options.isBad ? 9000 : 5000);
}

/** A form that the server rendered can be sent from now on. Before, its buttons were off: the browser alone would put what was typed into the address. */
export function ready(form: HTMLFormElement): void {
  for (const button of form.querySelectorAll("button")) button.disabled = false;
}

/** Only one run of an action at a time; the button says that it works. */
export async function busy(button: HTMLElement | null, run: () => Promise<void>): Promise<void> {
  if (button?.getAttribute("aria-busy") === "true") return;
  button?.setAttribute("aria-busy", "true");
  try {
    await run();
  } finally {
    button?.removeAttribute("aria-busy");
  }
}
