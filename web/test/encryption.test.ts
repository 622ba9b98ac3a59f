import assert from "node:assert/strict";
import { test } from "node:test";
import { fromText, pairOf, toText } from "../src/media/hpke.ts";
import { codeOf, fingerprintOf, newSecret, proofOf, secretId, unwrapNext, unwrapSecret, wrapNext } from "../src/media/roomkey.ts";
import { Encryption } from "../src/parts/encryption.ts";
import { keepSecret, keptOf } from "../src/parts/keptkeys.ts";
import type { Member, Session, View } from "../src/session.ts";

// What a page finds in a browser, as far as a member of an encrypted session needs it
const stored = new Map<string, string>();
const told: { path: string; body: Record<string, string> }[] = [];
const refused = new Set<string>();
const page = { dataset: { capacity: "staff" } };
Object.assign(globalThis, {
  localStorage: { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => stored.set(key, value), removeItem: (key: string) => stored.delete(key) },
  document: { body: page, querySelector: () => null, getElementById: () => null },
  Worker: class { postMessage(): void { /* frames are not what is tested here */ } },
  RTCRtpScriptTransform: class {},
  fetch: async (path: string, init: { body: string }) => {
    const said = path.split("/encryption/")[1] ?? path;
    told.push({ path: said, body: JSON.parse(init.body) as Record<string, string> });
    return refused.has(said) ? new Response("{}", { status: 409 }) : new Response("{}");
  },
});

type Whose = Awaited<ReturnType<typeof pairOf>>;
const named = async (member: string, pair: Whose, said: Partial<Member> = {}): Promise<Member> => ({
  member, kind: member.startsWith("recorder-") ? "recorder" : "seat", state: "admitted", public_key: toText(pair.publicKey), fingerprint: await fingerprintOf(pair.publicKey), proof: "", is_given: false, ...said,
});
const viewFor = (seat: string, members: Member[] | null, secret = "", state = "live"): View =>
  ({ state, seats: [{ seat, state: "connected", is_you: true }], you: { seat, is_staff: seat === "agent" }, encryption: members ? { secret, members, handover: "" } : null }) as unknown as View;

/** A member's page in front of a server that says whatever the test says. */
function opened(ref: string): { session: Session; member: Encryption; see(view: View): Promise<void> } {
  const session = { ref, view: null, secretLink: "", take: () => undefined } as unknown as Session;
  const member = new Encryption(session, () => undefined);
  return { session, member, see: async (view) => { session.view = view; await member.follow(view); } };
}

/** The page of the agent, with its secret and the key that it announced. */
async function lead(ref: string): Promise<ReturnType<typeof opened> & { id: string; secret: Uint8Array; own: Whose }> {
  page.dataset.capacity = "staff";
  told.length = 0;
  const made = opened(ref);
  await made.see(viewFor("agent", []));
  const secret = fromText(keptOf(ref).secrets[0]!);
  return { ...made, secret, id: await secretId(secret, ref), own: await pairOf(keptOf(ref).jwk) };
}

test("a fingerprint that the server states is never believed: it is computed from the key, and the code with it", async () => {
  const [customer, between] = [await pairOf(), await pairOf()];
  const { member, see, secret, id } = await lead("c1");
  await see(viewFor("agent", [await named("customer", between, { fingerprint: await fingerprintOf(customer.publicKey) })], id));
  const [seen] = member.members;
  assert.equal(seen!.fingerprint, await fingerprintOf(between.publicKey));
  assert.ok(seen!.isFalse);
  const own = await fingerprintOf((await pairOf(keptOf("c1").jwk)).publicKey);
  assert.equal(member.code, await codeOf(secret, "c1", [["agent", own], ["customer", await fingerprintOf(between.publicKey)]]));
  assert.notEqual(member.code, await codeOf(secret, "c1", [["agent", own], ["customer", await fingerprintOf(customer.publicKey)]]));
});

test("a member whose fingerprint the server states falsely is given nothing, a page or a known recorder", async () => {
  const [customer, recorder, between] = [await pairOf(), await pairOf(), await pairOf()];
  stored.set("jianlu-recorders", JSON.stringify({ "recorder-a": await fingerprintOf(recorder.publicKey) }));
  const { member, see, id } = await lead("c2");
  const lie = async (name: string, whose: Whose): Promise<Member> => named(name, between, { state: "asking", fingerprint: await fingerprintOf(whose.publicKey) });
  await see(viewFor("agent", [await lie("customer", customer), await lie("recorder-a", recorder)], id));
  for (const each of member.members) await (each.kind === "recorder" ? member.admit(each) : member.handOver(each));
  assert.deepEqual(told.filter((each) => each.path !== "key"), []);
  await see(viewFor("agent", [await named("recorder-a", recorder, { state: "asking" })], id));
  assert.deepEqual(told.filter((each) => each.path !== "key").map((each) => each.path), ["recorders/a"]);
  assert.equal(told.at(-1)!.body["public_key"], toText(recorder.publicKey));
  stored.delete("jianlu-recorders");
});

test("whom this page gave the secret to stays in its code and its list when the server leaves them out", async () => {
  const [customer, between] = [await pairOf(), await pairOf()];
  const { member, see, secret, id, own } = await lead("c3");
  await see(viewFor("agent", [await named("customer", between, { state: "asking" })], id));
  await member.handOver(member.members[0]!);
  const [given] = told.filter((each) => each.path === "handovers/customer");
  assert.deepEqual(await unwrapSecret(between, fromText(given!.body["wrapped"]!), "c3", "customer"), Uint8Array.from(secret));
  await see(viewFor("agent", [await named("customer", customer)], id));
  const both = [["agent", await fingerprintOf(own.publicKey)], ["customer", await fingerprintOf(customer.publicKey)], ["customer", await fingerprintOf(between.publicKey)]] as [string, string][];
  assert.equal(member.code, await codeOf(secret, "c3", both));
  assert.deepEqual(member.members.map((each) => [each.member, each.isLeftOut]), [["customer", false], ["customer", true]]);
  const again = opened("c3");
  await again.see(viewFor("agent", [await named("customer", customer)], id));
  assert.equal(again.member.code, member.code, "a reload forgets nobody");
});

test("pages that do not lead count whom the server names as given, and the codes of all agree", async () => {
  const [customer, earlier, recorder] = [await pairOf(), await pairOf(), await pairOf()];
  const agent = await lead("c4");
  for (const asking of [await named("customer", earlier, { state: "asking" }), await named("recorder-a", recorder, { state: "asking" }), await named("customer", customer, { state: "asking" })]) {
    await agent.see(viewFor("agent", [asking], agent.id));
    await (asking.kind === "recorder" ? agent.member.admit(agent.member.members[0]!) : agent.member.handOver(agent.member.members[0]!));
  }
  const proof = await proofOf(agent.secret, "c4", "customer", customer.publicKey);
  const said = [await named("agent", agent.own), await named("customer", customer, { proof, is_given: true }), await named("customer", earlier, { state: "replaced", is_given: true }), await named("recorder-a", recorder, { state: "away", is_given: true })];
  await agent.see(viewFor("agent", said, agent.id));
  page.dataset.capacity = "seat:customer";
  stored.set("jianlu-room:c4:seat:customer", JSON.stringify({ secrets: [toText(agent.secret)], jwk: customer.jwk }));
  const other = opened("c4");
  await other.see(viewFor("customer", said, agent.id));
  assert.match(agent.member.code, /^\d{12}$/);
  assert.equal(other.member.code, agent.member.code);
  assert.ok(agent.member.proven.has("customer"));
});

test("a server that was started anew is told again whom this page gave the secret to", async () => {
  const customer = await pairOf();
  const { member, see, id } = await lead("c5");
  await see(viewFor("agent", [await named("customer", customer, { state: "asking" })], id));
  await member.handOver(member.members[0]!);
  told.length = 0;
  await see(viewFor("agent", [], id));
  const again = told.filter((each) => each.path === "handovers/customer");
  assert.deepEqual(again.map((each) => each.body["public_key"]), [toText(customer.publicKey)]);
});

const seated = (view: View, states: Record<string, string>): View => ({ ...view, seats: [...view.seats, ...Object.entries(states).map(([seat, state]) => ({ seat, state }))] });
const recorderSecret = async (ref: string, recorder: Whose): Promise<string> => toText(await unwrapSecret(recorder, fromText(told.find((each) => each.path === "recorders/a")!.body["wrapped"]!), ref, "a"));

/** A session of agent, customer, guardian and recorder: all of them members, all of them seen by the agent's page. */
async function four(ref: string): Promise<Awaited<ReturnType<typeof lead>> & { customer: Whose; guardian: Whose; recorder: Whose; said(states: Partial<Record<string, Partial<Member>>>): Promise<Member[]> }> {
  const agent = await lead(ref);
  const [customer, guardian, recorder] = [await pairOf(), await pairOf(), await pairOf()];
  const pairs: Record<string, Whose> = { agent: agent.own, customer, guardian, "recorder-a": recorder };
  const said = async (states: Partial<Record<string, Partial<Member>>>): Promise<Member[]> =>
    Promise.all(Object.entries(states).map(async ([name, state]) => named(name, pairs[name]!, { proof: name.startsWith("recorder") ? "" : await proofOf(agent.secret, ref, name, pairs[name]!.publicKey), ...state })));
  await agent.see(seated(viewFor("agent", await said({ agent: {}, customer: {}, guardian: {}, "recorder-a": {} }), agent.id), { customer: "present", guardian: "present" }));
  assert.deepEqual([...agent.member.proven].sort(), ["agent", "customer", "guardian"]);
  told.length = 0;
  return { ...agent, customer, guardian, recorder, said };
}

test("when somebody has left, recorders are given the next secret first, then whoever stays, and who left is given nothing", async () => {
  const { see, said, id, own, customer, guardian, recorder } = await four("d1");
  await see(seated(viewFor("agent", await said({ agent: {}, customer: {}, "recorder-a": {} }), id), { customer: "present", guardian: "empty" }));
  assert.deepEqual(told.map((each) => each.path), ["recorders/a", "key"]);
  const next = keptOf("d1").secrets.at(-1)!;
  assert.equal(await recorderSecret("d1", recorder), next);
  const nextId = await secretId(fromText(next), "d1");
  assert.notEqual(nextId, id);
  assert.equal(told[1]!.body["secret"], nextId);
  const asking = await said({ agent: {}, customer: { state: "asking" }, "recorder-a": {} });
  const stranger = await named("guardian", guardian, { state: "asking", proof: "x" });
  await see(seated(viewFor("agent", [...asking, stranger], nextId), { customer: "present", guardian: "waiting" }));
  const handed = told.filter((each) => each.path.startsWith("handovers/"));
  assert.deepEqual(handed.map((each) => each.path), ["handovers/customer"]);
  const wrapped = fromText(handed[0]!.body["wrapped"]!);
  assert.equal(toText(await unwrapNext(customer, wrapped, "d1", "customer", own.publicKey)), next);
  await assert.rejects(() => unwrapNext(guardian, wrapped, "d1", "guardian", own.publicKey));
});

/** As `four`, and a supervisor who sits beside them and was given the secret. */
async function supervised(ref: string): Promise<Awaited<ReturnType<typeof four>> & { all(more?: Partial<Record<string, Partial<Member>>>): Promise<Member[]>; supervisor: Whose; beside(members: Member[], secret: string, who: View["supervisor"]): View }> {
  const made = await four(ref);
  const supervisor = await pairOf();
  const own = await named("supervisor", supervisor, { proof: await proofOf(made.secret, ref, "supervisor", supervisor.publicKey) });
  const all = async (more: Partial<Record<string, Partial<Member>>> = {}): Promise<Member[]> => [...(await made.said({ agent: {}, customer: {}, guardian: {}, "recorder-a": {}, ...more })), own];
  const beside = (members: Member[], secret: string, who: View["supervisor"]): View => ({ ...seated(viewFor("agent", members, secret), { customer: "present", guardian: "present" }), supervisor: who });
  await made.see(beside(await all(), made.id, { display: "He", is_you: false }));
  assert.ok(made.member.proven.has("supervisor"));
  assert.deepEqual(told, [], "while the supervisor sits there, the secret stays");
  return { ...made, supervisor, all, beside };
}

test("a supervisor who gets up has left: the lead's page makes the next secret by itself, and gives it to who stays alone", async () => {
  const { see, said, id, beside, recorder } = await supervised("s1");
  await see(beside(await said({ agent: {}, customer: {}, guardian: {}, "recorder-a": {} }), id, null));
  assert.deepEqual(told.map((each) => each.path), ["recorders/a", "key"]);
  const next = keptOf("s1").secrets.at(-1)!;
  assert.equal(await recorderSecret("s1", recorder), next);
  const nextId = await secretId(fromText(next), "s1");
  assert.notEqual(nextId, id);
  await see(beside(await said({ agent: {}, customer: { state: "asking" }, guardian: { state: "asking" }, "recorder-a": {} }), nextId, null));
  assert.deepEqual(told.filter((each) => each.path.startsWith("handovers/")).map((each) => each.path).sort(), ["handovers/customer", "handovers/guardian"]);
});

test("another supervisor in the first one's place is another page: the secret changes, and only a click gives it to them", async () => {
  const { see, said, id, beside } = await supervised("s2");
  const other = await named("supervisor", await pairOf(), { state: "asking" });
  await see(beside([...(await said({ agent: {}, customer: {}, guardian: {}, "recorder-a": {} })), other], id, { display: "Xu", is_you: false }));
  const nextId = await secretId(fromText(keptOf("s2").secrets.at(-1)!), "s2");
  assert.notEqual(nextId, id);
  await see(beside([...(await said({ agent: {}, customer: { state: "asking" }, guardian: { state: "asking" }, "recorder-a": {} })), other], nextId, { display: "Xu", is_you: false }));
  assert.ok(told.some((each) => each.path === "handovers/customer") && !told.some((each) => each.path === "handovers/supervisor"));
});

test("a supervisor who only looks in announces no key, and one who sits beside the session does", async () => {
  told.length = 0;
  const { see } = opened("s3");
  const looking: View = { ...viewFor("supervisor", [], "ab".repeat(8)), seats: [] };
  await see(looking);
  await see({ ...looking, supervisor: { display: "Xu", is_you: false } });
  assert.deepEqual(told, []);
  await see({ ...looking, supervisor: { display: "He", is_you: true } });
  assert.deepEqual(told.map((each) => each.path), ["key"]);
});

test("a page that was replaced on its seat has left; who is away, or was forgotten by a server that was started anew, has not", async () => {
  const { see, said, id } = await four("d2");
  await see(seated(viewFor("agent", await said({ agent: {}, guardian: {}, "recorder-a": {} }), id), { customer: "away", guardian: "present" }));
  await see(seated(viewFor("agent", [], id), { customer: "waiting", guardian: "waiting" }));
  assert.deepEqual(told.filter((each) => each.path !== "key"), []);
  const other = await named("customer", await pairOf(), { state: "asking" });
  await see(seated(viewFor("agent", [...(await said({ agent: {}, guardian: {}, "recorder-a": {} })), other], id), { customer: "waiting", guardian: "present" }));
  assert.ok(told.some((each) => each.path === "recorders/a"));
  assert.notEqual(await secretId(fromText(keptOf("d2").secrets.at(-1)!), "d2"), id);
});

test("a recorder that does not take the next secret keeps the session on the present one", async () => {
  const { see, said, id, member, secret } = await four("d3");
  refused.add("recorders/a");
  await see(seated(viewFor("agent", await said({ agent: {}, customer: {}, "recorder-a": {} }), id), { customer: "present", guardian: "empty" }));
  refused.clear();
  assert.deepEqual([member.id, keptOf("d3").secrets], [id, [toText(secret)]]);
  assert.notEqual(member.trouble, "");
  const first = told.find((each) => each.path === "recorders/a");
  assert.ok(first);
  await member.startOver();
  assert.notEqual(member.id, id);
});

test("a page takes the next secret by itself from the page that led, from nobody else, and never one that it had", async () => {
  const { own, secret, id, customer, said } = await four("d4");
  page.dataset.capacity = "seat:customer";
  stored.set("jianlu-room:d4:seat:customer", JSON.stringify({ secrets: [toText(secret)], jwk: customer.jwk }));
  const { member, see } = opened("d4");
  await see(viewFor("customer", await said({ agent: {}, customer: {} }), id));
  const [next, forged] = [newSecret(), newSecret()];
  const seen = async (given: Uint8Array, by: Whose, current = given): Promise<string> => {
    const view = viewFor("customer", [await named("agent", by), await named("customer", customer, { state: "asking" })], await secretId(current, "d4"));
    view.encryption!.handover = toText(await wrapNext(given, customer.publicKey, "d4", "customer", by));
    await see(view);
    return member.id;
  };
  assert.equal(await seen(forged, await pairOf()), id, "who left knows the secret, but not the key of the page that led");
  assert.equal(await seen(forged, own, next), id, "it is not the room's");
  assert.equal(await seen(next, own), await secretId(next, "d4"));
  assert.equal(await seen(secret, own), await secretId(next, "d4"), "an earlier one that is sent again is not taken");
});

test("what is no key is nobody's: it has no fingerprint and is given nothing", async () => {
  const { member, see, id } = await lead("c6");
  await see(viewFor("agent", [{ ...(await named("customer", await pairOf(), { state: "asking" })), public_key: "AAAA" }], id));
  assert.equal(member.members[0]!.fingerprint, "");
  await member.handOver(member.members[0]!);
  assert.deepEqual(told.filter((each) => each.path !== "key"), []);
});

test("encryption that was promised once stays promised: after the session, after a reload, by a link or by having seen it", async () => {
  for (const [ref, promise] of [["c7", async () => keepSecret("c7", "customer", toText(newSecret()))], ["c8", async () => opened("c8").see(viewFor("customer", []))]] as const) {
    page.dataset.capacity = "seat:customer";
    await promise();
    const before = opened(ref);
    await before.see(viewFor("customer", null));
    assert.equal(before.member.lock, "refused");
    await before.see(viewFor("customer", null, "", "ended"));
    assert.deepEqual(keptOf(ref), { secrets: [], promised: true }, "keys are gone with the session");
    const reloaded = opened(ref);
    await reloaded.see(viewFor("customer", null));
    assert.equal(reloaded.member.lock, "refused");
  }
  const clear = opened("c9");
  await clear.see(viewFor("customer", null, "", "ended"));
  assert.equal(clear.member.lock, "off");
  assert.equal(stored.has("jianlu-room:c9:seat:customer"), false);
});
