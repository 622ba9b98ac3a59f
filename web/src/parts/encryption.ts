// A page as a member of an encrypted session: it keeps the secret and a key pair of its own, announces the key, hands the secret to others
// when it leads, and knows who the members are and what their code is. What the server says of the members is checked where it can be.

import { apiOf, post } from "../api.ts";
import { fromText, pairOf, toText, type Pair } from "../media/hpke.ts";
import { codeOf, fingerprintOf, newSecret, proofOf, secretId, unwrapSecret, wrapSecret } from "../media/roomkey.ts";
import { canEncrypt, tellSecrets } from "../media/sframe.ts";
import type { Member, Session, View } from "../session.ts";
import { forgetKeys, keepKeys, keptOf } from "./keptkeys.ts";

const LEAD = "agent";
const KNOWN = "jianlu-recorders";
const AGAIN_MS = 3000;
/** `off`: not encrypted. `waiting`: the secret is still to come. `on`: it is there. `refused`: nothing may be sent here. */
export type Lock = "off" | "waiting" | "on" | "refused";

export class Encryption {
  code = "";
  id = "";
  readonly proven = new Set<string>();
  private secrets: Uint8Array[] = [];
  private pair: (Pair & { jwk: JsonWebKey }) | null = null;
  private fingerprint = "";
  private isWorking = false;
  private saidAt = 0;
  private said = "";
  private coded = "";
  private readonly opened: Promise<void>;

  constructor(readonly session: Session, readonly onChange: () => void) {
    this.opened = this.open();
  }

  private get ref(): string { return this.session.ref; }
  private get secret(): Uint8Array | null { return this.secrets.at(-1) ?? null; }

  /** Who came by a link with a secret was promised encryption: a server that now says otherwise is not believed. */
  get lock(): Lock {
    const said = this.session.view?.encryption;
    if (!said) return this.session.view && this.secrets.length ? "refused" : "off";
    if (!canEncrypt()) return "refused";
    return this.secrets.length ? "on" : "waiting";
  }

  get members(): Member[] { return this.session.view?.encryption?.members ?? []; }
  get isLead(): boolean { return this.session.view?.you?.seat === LEAD; }
  /** The lead's page holds another secret than this one. */
  get isOther(): boolean { const said = this.session.view?.encryption?.secret ?? ""; return Boolean(this.id && said && said !== this.id); }

  private async open(): Promise<void> {
    const kept = keptOf(this.ref);
    this.secrets = kept.secrets.map((each) => fromText(each));
    if (this.secrets.length) await this.use();
    if (kept.jwk) this.pair = await pairOf(kept.jwk).catch(() => null);
  }

  private keep(): void {
    keepKeys(this.ref, { secrets: this.secrets.map(toText), ...(this.pair ? { jwk: this.pair.jwk } : {}) });
  }

  private async use(): Promise<void> {
    this.id = this.secret ? await secretId(this.secret, this.ref) : "";
    this.session.secretLink = this.secret ? `~${toText(this.secret)}` : "";
    if (canEncrypt()) tellSecrets(this.ref, this.secrets);
  }

  /** Send with this secret from now on; what was sealed under an earlier one can still be opened. */
  async take(secret: Uint8Array): Promise<void> {
    this.secrets = [...this.secrets.filter((each) => toText(each) !== toText(secret)), secret];
    this.keep();
    await this.use();
    this.onChange();
  }

  /** After each view: whatever this page has to do as a member, one thing after the other. */
  async follow(view: View): Promise<void> {
    if (["ended", "sealed", "refused", "halted"].includes(view.state)) { forgetKeys(this.ref); return; }
    await this.opened;
    if (!view.encryption || this.lock === "refused" || this.isWorking) return;
    const mine = view.seats.find((each) => each.is_you);
    if (!view.you?.seat || (mine && ["empty", "invited"].includes(mine.state))) return;
    this.isWorking = true;
    try {
      await this.doAll(view, view.you.seat);
    } finally {
      this.isWorking = false;
    }
  }

  private async doAll(view: View, seat: string): Promise<void> {
    const said = view.encryption!;
    if (!this.pair) { this.pair = await pairOf(); this.keep(); }
    this.fingerprint ||= await fingerprintOf(this.pair.publicKey);
    if (!this.secret && seat === LEAD && !said.secret) await this.take(newSecret());
    if (!this.secret && said.handover) await this.fetch(said.handover, seat);
    await this.announce(seat);
    if (seat === LEAD) await this.admitKnown();
    await this.check(seat);
  }

  /** Take what the lead's page has wrapped to this one. Only a page without a secret does so by itself: the server may lie. */
  async fetch(wrapped: string, seat: string): Promise<void> {
    const secret = await unwrapSecret(this.pair!, fromText(wrapped), this.ref, seat).catch(() => null);
    if (secret) await this.take(secret);
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
    for (const each of this.members) if (each.kind === "recorder" && each.state === "asking" && known[each.member] === each.fingerprint) await this.admit(each);
  }

  known(): Record<string, string> { try { return JSON.parse(localStorage.getItem(KNOWN) ?? "{}") as Record<string, string>; } catch { return {}; } }

  /** Give a recorder the secret, and remember its key. */
  async admit(member: Member): Promise<void> {
    if (!this.secret) return;
    const name = member.member.replace(/^recorder-/, "");
    const wrapped = await wrapSecret(this.secret, fromText(member.public_key), this.ref, name);
    if (await this.tell(`recorders/${name}`, { wrapped: toText(wrapped) })) localStorage.setItem(KNOWN, JSON.stringify({ ...this.known(), [member.member]: member.fingerprint }));
  }

  /** Give another page the secret: an act of whoever leads, because only comparing the code shows whose page it is. */
  async handOver(member: Member): Promise<void> {
    if (!this.secret) return;
    const wrapped = await wrapSecret(this.secret, fromText(member.public_key), this.ref, member.member);
    await this.tell(`handovers/${member.member}`, { wrapped: toText(wrapped) });
  }

  /** A new secret for everybody: recorders and pages are handed it one by one. */
  async startOver(): Promise<void> { await this.take(newSecret()); }

  private async tell(path: string, body: unknown): Promise<boolean> {
    try {
      this.session.take(await post<Partial<View>>(`${apiOf(this.ref)}/encryption/${path}`, body));
      return true;
    } catch {
      return false; // said again with the next view
    }
  }

  /** Which members prove that they hold the secret, and the code of all of them. Our own key is taken from here, not from the server. */
  private async check(seat: string): Promise<void> {
    const secret = this.secret;
    const roster = this.members.filter((each) => each.state === "admitted" && each.member !== seat).map((each): [string, string] => [each.member, each.fingerprint]);
    if (secret) roster.push([seat, this.fingerprint]);
    const now = JSON.stringify([this.id, roster, this.members.map((each) => [each.member, each.proof])]);
    if (now === this.coded) return;
    this.proven.clear();
    for (const each of this.members) if (secret && each.kind === "seat" && each.proof === (await proofOf(secret, this.ref, each.member, fromText(each.public_key)))) this.proven.add(each.member);
    this.code = secret && roster.length > 1 ? await codeOf(secret, this.ref, roster) : "";
    this.coded = now;
    this.onChange();
  }
}
