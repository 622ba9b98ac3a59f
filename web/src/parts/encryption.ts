// A page as a member of an encrypted session: it keeps the secret and a key pair of its own, announces the key, hands the secret to others
// when it leads, and knows who the members are and what their code is. Of a member the server is believed a public key and nothing else: its
// fingerprint is computed here, and whomever this page gave the secret to is in the code, whatever the server says of them later. When
// somebody who held the secret has left, the lead's page makes the next one, gives it to recorders first, and then to those who stayed.

import { apiOf, post, Problem } from "../api.ts";
import { fromText, pairOf, toText, type Pair } from "../media/hpke.ts";
import { codeOf, fingerprintOf, newSecret, proofOf, secretId, unwrapNext, unwrapSecret, wrapNext, wrapSecret } from "../media/roomkey.ts";
import { canEncrypt, tellSecrets } from "../media/sframe.ts";
import type { Member, Session, View } from "../session.ts";
import { t } from "../words.ts";
import { forgetKeys, keepKeys, keptOf, type Given, type Known } from "./keptkeys.ts";

const LEAD = "agent";
/** Sits beside the session, on none of its seats: the view says who it is, or that there is none. */
const SUPERVISOR = "supervisor";
const KNOWN = "jianlu-recorders";
const AGAIN_MS = 3000;
const LEFT_OUT_AGAIN_MS = 15_000;
const KEY_BYTES = 32;
/** `off`: not encrypted. `waiting`: the secret is still to come. `on`: it is there. `refused`: nothing may be sent here. */
export type Lock = "off" | "waiting" | "on" | "refused";
/**
 * A member whose fingerprint was computed here. `isFalse`: the server names another one than its key has, so that it is given nothing.
 * `isLeftOut`: this page gave it the secret, and the server does not name it.
 */
export interface Checked extends Member { isFalse: boolean; isLeftOut: boolean }

export class Encryption {
  code = "";
  id = "";
  /** Why the server would not pass on what this page last told it. */
  trouble = "";
  readonly proven = new Set<string>();
  private secrets: Uint8Array[] = [];
  private given: Given[] = [];
  private promised = false;
  private owed: Known[] = [];
  private lead = "";
  /** Pages that proved that they hold the present secret. */
  private circle: Known[] = [];
  private next: Uint8Array | null = null;
  private readonly prints = new Map<string, string>();
  private pair: (Pair & { jwk: JsonWebKey }) | null = null;
  private fingerprint = "";
  private isWorking = false;
  private saidAt = 0;
  private said = "";
  private coded = "";
  private toldAt = -LEFT_OUT_AGAIN_MS;
  private renewedAt = -AGAIN_MS;
  private readonly opened: Promise<void>;

  constructor(readonly session: Session, readonly onChange: () => void) {
    this.opened = this.open();
  }

  private get ref(): string { return this.session.ref; }
  private get secret(): Uint8Array | null { return this.secrets.at(-1) ?? null; }

  /** Who came by a link with a secret, or saw this session encrypted once, was promised it: a server that now says otherwise is not believed. */
  get lock(): Lock {
    const said = this.session.view?.encryption;
    if (!said) return this.session.view && this.promised ? "refused" : "off";
    if (!canEncrypt()) return "refused";
    return this.secrets.length ? "on" : "waiting";
  }

  get members(): Checked[] {
    const named = (this.session.view?.encryption?.members ?? []).map((said): Checked => {
      const fingerprint = this.prints.get(said.public_key) ?? "";
      return { ...said, fingerprint, isFalse: this.prints.has(said.public_key) && said.fingerprint !== fingerprint, isLeftOut: false };
    });
    const leftOut = this.held.filter((each) => !named.some((one) => one.member === each.member && one.fingerprint === each.fingerprint));
    return [...named, ...leftOut.map((each): Checked => ({ member: each.member, kind: each.member.startsWith("recorder-") ? "recorder" : "seat", state: "replaced", public_key: each.public_key, fingerprint: each.fingerprint, proof: "", is_given: true, isFalse: false, isLeftOut: true }))];
  }
  /** Whom this page gave the present secret to. */
  private get held(): Given[] { return this.given.filter((each) => each.secret === this.id); }
  get isLead(): boolean { return this.session.view?.you?.seat === LEAD; }
  /** The lead's page holds another secret than this one. */
  get isOther(): boolean { const said = this.session.view?.encryption?.secret ?? ""; return Boolean(this.id && said && said !== this.id); }

  private async open(): Promise<void> {
    const kept = keptOf(this.ref);
    this.secrets = kept.secrets.map((each) => fromText(each));
    this.given = kept.given ?? [];
    this.promised = kept.promised ?? this.secrets.length > 0;
    this.owed = kept.owed ?? [];
    this.lead = kept.lead ?? "";
    if (this.secrets.length) await this.use();
    if (kept.jwk) this.pair = await pairOf(kept.jwk).catch(() => null);
  }

  private keep(): void {
    keepKeys(this.ref, { secrets: this.secrets.map(toText), given: this.given, promised: this.promised, owed: this.owed, lead: this.lead, ...(this.pair ? { jwk: this.pair.jwk } : {}) });
  }

  private async use(): Promise<void> {
    this.id = this.secret ? await secretId(this.secret, this.ref) : "";
    this.session.secretLink = this.secret ? `~${toText(this.secret)}` : "";
    if (canEncrypt()) tellSecrets(this.ref, this.secrets);
  }

  /** Send with this secret from now on; what was sealed under an earlier one can still be opened. */
  async take(secret: Uint8Array): Promise<void> {
    this.secrets = [...this.secrets.filter((each) => toText(each) !== toText(secret)), secret];
    this.circle = [];
    this.keep();
    await this.use();
    this.onChange();
  }

  /** After each view: whatever this page has to do as a member, one thing after the other. */
  async follow(view: View): Promise<void> {
    if (["ended", "sealed", "refused", "halted"].includes(view.state)) { forgetKeys(this.ref); return; }
    await this.opened;
    if (view.encryption && !this.promised) { this.promised = true; this.keep(); }
    await this.measure(view);
    if (!view.encryption || this.lock === "refused" || this.isWorking) return;
    const mine = view.seats.find((each) => each.is_you);
    if (!view.you?.seat || (mine && ["empty", "invited"].includes(mine.state))) return;
    if (view.you.seat === SUPERVISOR && !view.supervisor?.is_you) return; // who only looks in holds nothing
    this.isWorking = true;
    try {
      await this.doAll(view, view.you.seat);
    } finally {
      this.isWorking = false;
    }
  }

  /** The fingerprint of every key in the view, computed here; a key that is none has none. */
  private async measure(view: View): Promise<void> {
    const fresh = [...new Set((view.encryption?.members ?? []).map((each) => each.public_key))].filter((key) => !this.prints.has(key));
    for (const key of fresh) this.prints.set(key, await printOf(key));
    if (fresh.length) this.onChange();
  }

  private async doAll(view: View, seat: string): Promise<void> {
    const said = view.encryption!;
    if (!this.pair) { this.pair = await pairOf(); this.keep(); }
    this.fingerprint ||= await fingerprintOf(this.pair.publicKey);
    if (!this.secret && seat === LEAD && !said.secret) await this.take(newSecret());
    if (!this.secret && said.handover) await this.fetch(said.handover, seat);
    if (this.isOther && said.handover && seat !== LEAD) await this.fetchNext(said.handover, seat);
    await this.announce(seat);
    if (seat === LEAD) { await this.admitKnown(); await this.nameLeftOut(); await this.renewForWhoStays(); await this.giveOwed(); }
    await this.check(seat);
  }

  /** Take what the lead's page has wrapped to this one. Only a page without a secret does so by itself: the server may lie. */
  async fetch(wrapped: string, seat: string): Promise<void> {
    const lead = this.members.find((each) => each.member === LEAD && each.state === "admitted")?.public_key ?? "";
    const secret = await unwrapSecret(this.pair!, fromText(wrapped), this.ref, seat).catch(() => unwrapNext(this.pair!, fromText(wrapped), this.ref, seat, fromText(lead))).catch(() => null);
    if (!secret) return;
    this.lead = "";
    await this.take(secret);
  }

  /** Whoever held the secret takes the next one by itself, if the page that led until now wrapped it: a member who has left cannot. */
  private async fetchNext(wrapped: string, seat: string): Promise<void> {
    if (!this.lead) return;
    const next = await unwrapNext(this.pair!, fromText(wrapped), this.ref, seat, fromText(this.lead)).catch(() => null);
    const isNew = next !== null && !this.secrets.some((each) => toText(each) === toText(next)) && (await secretId(next, this.ref)) === this.session.view?.encryption?.secret;
    if (isNew) await this.take(next);
  }

  private async announce(seat: string): Promise<void> {
    const own = this.members.find((each) => each.member === seat);
    const publicKey = toText(this.pair!.publicKey);
    const proof = this.secret ? await proofOf(this.secret, this.ref, seat, this.pair!.publicKey) : "";
    const isKnown = own?.public_key === publicKey && own.proof === proof && (own.state === "admitted" || this.isOther || !this.secret);
    if (isKnown) return;
    const saying = [publicKey, this.id, proof].join(" ");
    if (saying === this.said && performance.now() - this.saidAt < AGAIN_MS) return;
    this.said = saying;
    this.saidAt = performance.now();
    await this.tell("key", { public_key: publicKey, secret: this.id, proof });
  }

  /** A recorder that was admitted on this device before is admitted again without asking, as long as its key is the same. */
  private async admitKnown(): Promise<void> {
    const known = this.known();
    for (const each of this.members) if (each.kind === "recorder" && each.state === "asking" && each.fingerprint && known[each.member] === each.fingerprint) await this.admit(each);
  }

  /** A server that was started anew has forgotten some of those who were given the secret: it is told again, for the others' codes. */
  private async nameLeftOut(): Promise<void> {
    const leftOut = this.members.filter((each) => each.isLeftOut);
    if (!leftOut.length || performance.now() - this.toldAt < LEFT_OUT_AGAIN_MS) return;
    this.toldAt = performance.now();
    for (const each of leftOut) await (each.kind === "recorder" ? this.admit(each) : this.handOver(each));
  }

  known(): Record<string, string> { try { return JSON.parse(localStorage.getItem(KNOWN) ?? "{}") as Record<string, string>; } catch { return {}; } }

  /** Give a recorder the secret, and remember its key. */
  async admit(member: Member): Promise<void> {
    const name = member.member.replace(/^recorder-/, "");
    const fingerprint = await this.give(member, name, `recorders/${name}`);
    if (fingerprint) localStorage.setItem(KNOWN, JSON.stringify({ ...this.known(), [member.member]: fingerprint }));
  }

  /** Give another page the secret: an act of whoever leads, because only comparing the code shows whose page it is. */
  async handOver(member: Member): Promise<void> {
    await this.give(member, member.member, `handovers/${member.member}`);
  }

  /** Wrap the secret to the member's key, and keep to whom before it leaves: the fingerprint when it arrived, "" when not, or when it is refused. */
  private async give(member: Member, name: string, path: string): Promise<string> {
    const fingerprint = await printOf(member.public_key);
    if (!this.secret || !fingerprint || member.fingerprint !== fingerprint || this.members.some((each) => each.member === member.member && each.isFalse)) return "";
    const key = fromText(member.public_key);
    const wrapped = member.kind === "seat" && member.proof ? await wrapNext(this.secret, key, this.ref, name, this.pair!) : await wrapSecret(this.secret, key, this.ref, name);
    this.note({ secret: this.id, member: member.member, fingerprint, public_key: member.public_key });
    return (await this.tell(path, { wrapped: toText(wrapped), public_key: member.public_key })) ? fingerprint : "";
  }

  private note(given: Given): void {
    if (this.given.some((each) => each.secret === given.secret && each.member === given.member && each.fingerprint === given.fingerprint)) return;
    this.given.push(given);
    this.keep();
  }

  /** Somebody had the secret and is not there any more: the seat is empty, or another page is on it. Who is only away still is. */
  private get hasSomebodyLeft(): boolean {
    const view = this.session.view;
    const had = [...this.circle, ...this.held.filter((each) => !each.member.startsWith("recorder-"))];
    return had.some(({ member, fingerprint }) => {
      const seat = view?.seats.find((each) => each.seat === member);
      const page = this.members.find((each) => each.member === member && each.state !== "replaced");
      const isGone = member === SUPERVISOR ? !view?.supervisor : seat !== undefined && ["empty", "invited"].includes(seat.state);
      const isAnother = (seat !== undefined || member === SUPERVISOR) && page !== undefined && page.fingerprint !== "" && page.fingerprint !== fingerprint;
      return member !== LEAD && view !== null && (isGone || isAnother);
    });
  }

  private async renewForWhoStays(): Promise<void> {
    if (!this.secret || this.isOther || !this.hasSomebodyLeft || performance.now() - this.renewedAt < AGAIN_MS) return;
    this.renewedAt = performance.now();
    await this.startOver();
  }

  /** The next secret. Recorders have it before anything is sent under it, so that nothing is missing in the record; then whoever stays. */
  async startOver(): Promise<void> {
    if (!this.secret) { await this.take(newSecret()); return; }
    this.next ??= newSecret();
    const recorders = this.members.filter((each) => each.kind === "recorder" && each.state !== "replaced" && (each.is_given || each.state === "admitted"));
    for (const each of recorders) {
      if (await this.giveNext(each, this.next)) continue;
      this.trouble ||= t("e2ee.renewal_waits");
      this.onChange();
      return; // tried again with the next view
    }
    const stays = this.circle.filter((known) => this.members.some((each) => each.member === known.member && each.fingerprint === known.fingerprint && each.state === "admitted"));
    const next = this.next;
    this.next = null;
    this.owed = stays;
    await this.take(next);
    await this.announce(LEAD);
    await this.giveOwed();
  }

  private async giveNext(recorder: Checked, next: Uint8Array): Promise<boolean> {
    if (recorder.isFalse || !recorder.fingerprint || recorder.state === "away") return false;
    const name = recorder.member.replace(/^recorder-/, "");
    const wrapped = await wrapSecret(next, fromText(recorder.public_key), this.ref, name);
    this.note({ secret: await secretId(next, this.ref), member: recorder.member, fingerprint: recorder.fingerprint, public_key: recorder.public_key });
    return this.tell(`recorders/${name}`, { wrapped: toText(wrapped), public_key: recorder.public_key });
  }

  /** The present secret for pages that held the one before, as long as their key is the same. */
  private async giveOwed(): Promise<void> {
    if (!this.owed.length || this.isOther) return;
    for (const each of this.members.filter((one) => one.kind === "seat" && one.state === "asking" && !one.is_given)) {
      if (this.owed.some((known) => known.member === each.member && known.fingerprint === each.fingerprint)) await this.handOver(each);
    }
    const left = this.owed.filter((known) => !this.held.some((each) => each.member === known.member && each.fingerprint === known.fingerprint));
    if (left.length !== this.owed.length) { this.owed = left; this.keep(); }
  }

  private async tell(path: string, body: unknown): Promise<boolean> {
    try {
      const view = await post<Partial<View>>(`${apiOf(this.ref)}/encryption/${path}`, body);
      this.trouble = "";
      this.session.take(view);
      return true;
    } catch (error) {
      const trouble = error instanceof Problem && error.status === 409 ? error.text : "";
      if (trouble && trouble !== this.trouble) { this.trouble = trouble; this.onChange(); }
      return false; // said again with the next view
    }
  }

  /**
   * Which members prove that they hold the secret, and the code of all of them. Our own key is taken from here, not from the server, and so
   * are the keys that the lead's page gave the secret to: it believes no server about that, and a server that leaves one of them out, or
   * gives another, gets another code on this page than on the page that it keeps it from.
   */
  private async check(seat: string): Promise<void> {
    if (this.session.view) await this.measure(this.session.view);
    const { secret, members } = this;
    const holding = members.filter((each) => each.member !== seat && each.state === "admitted");
    const given = seat === LEAD ? this.held : members.filter((each) => each.is_given);
    const own = { member: seat, fingerprint: this.fingerprint };
    const roster = new Map([...holding, ...given, ...(secret ? [own] : [])].map((each): [string, [string, string]] => [`${each.member} ${each.fingerprint}`, [each.member, each.fingerprint]]));
    const now = JSON.stringify([this.id, [...roster.keys()].sort(), members.map((each) => [each.member, each.proof, each.public_key])]);
    if (now === this.coded) return;
    this.proven.clear();
    for (const each of members) if (secret && each.kind === "seat" && each.fingerprint && each.proof && each.proof === (await proofOf(secret, this.ref, each.member, fromText(each.public_key)))) this.proven.add(each.member);
    this.circle = [...this.circle, ...holding.filter((each) => this.proven.has(each.member) && !this.circle.some((known) => known.member === each.member && known.fingerprint === each.fingerprint)).map(({ member, fingerprint }) => ({ member, fingerprint }))];
    const leads = holding.find((each) => each.member === LEAD && this.proven.has(LEAD));
    if (!this.lead && leads && !this.isOther) { this.lead = leads.public_key; this.keep(); }
    this.code = secret && roster.size > 1 ? await codeOf(secret, this.ref, [...roster.values()]) : "";
    this.coded = now;
    this.onChange();
  }
}

/** The fingerprint of a key as text; "" for what is no key. */
async function printOf(publicKey: string): Promise<string> {
  try {
    const key = fromText(publicKey);
    return key.length === KEY_BYTES ? await fingerprintOf(key) : "";
  } catch {
    return "";
  }
}
