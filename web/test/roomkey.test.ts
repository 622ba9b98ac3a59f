import assert from "node:assert/strict";
import { test } from "node:test";
import vectors from "../../specs/vectors/encrypted-room/keys.json";
import { fromText, pairOf, toText, unwrap, wrap } from "../src/media/hpke.ts";
import { codeOf, fingerprintOf, hexOf, newSecret, proofOf, secretId, senderKey, unwrapNext, unwrapSecret, wrapNext, wrapSecret } from "../src/media/roomkey.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const pair = (secret: string, open: string): ReturnType<typeof pairOf> => pairOf({ kty: "OKP", crv: "X25519", d: toText(bytes(secret)), x: toText(bytes(open)) });

// RFC 9180, appendix A.1.1: base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, sequence number 0
const RFC = {
  info: "4f6465206f6e2061204772656369616e2055726e", aad: "436f756e742d30", plain: "4265617574792069732074727574682c20747275746820626561757479",
  skEm: "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736", pkEm: "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
  skRm: "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8", pkRm: "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
  sealed: "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
};

test("what is wrapped is what RFC 9180, appendix A.1.1, says", async () => {
  const made = await wrap(bytes(RFC.pkRm), bytes(RFC.info), bytes(RFC.plain), bytes(RFC.aad), undefined, await pair(RFC.skEm, RFC.pkEm));
  assert.equal(hexOf(made), RFC.pkEm + RFC.sealed);
  assert.equal(hexOf(await unwrap(await pair(RFC.skRm, RFC.pkRm), bytes(RFC.info), made, bytes(RFC.aad))), RFC.plain);
});

// RFC 9180, appendix A.1.3: auth mode, the same suite, sequence number 0
const AUTH = {
  skEm: "ff4442ef24fbc3c1ff86375b0be1e77e88a0de1e79b30896d73411c5ff4c3518", pkEm: "23fb952571a14a25e3d678140cd0e5eb47a0961bb18afcf85896e5453c312e76",
  skRm: "fdea67cf831f1ca98d8e27b1f6abeb5b7745e9d35348b80fa407ff6958f9137e", pkRm: "1632d5c2f71c2b38d0a8fcc359355200caa8b1ffdf28618080466c909cb69b2e",
  skSm: "dc4a146313cce60a278a5323d321f051c5707e9c45ba21a3479fecdf76fc69dd", pkSm: "8b0c70873dc5aecb7f9ee4e62406a397b350e57012be45cf53b7105ae731790b",
  sealed: "5fd92cc9d46dbf8943e72a07e42f363ed5f721212cd90bcfd072bfd9f44e06b80fd17824947496e21b680c141b",
};

test("what is wrapped by a known sender is what RFC 9180, appendix A.1.3, says, and opens as nobody else's", async () => {
  const [recipient, sender] = [await pair(AUTH.skRm, AUTH.pkRm), await pair(AUTH.skSm, AUTH.pkSm)];
  const made = await wrap(recipient.publicKey, bytes(RFC.info), bytes(RFC.plain), bytes(RFC.aad), sender, await pair(AUTH.skEm, AUTH.pkEm));
  assert.equal(hexOf(made), AUTH.pkEm + AUTH.sealed);
  assert.equal(hexOf(await unwrap(recipient, bytes(RFC.info), made, bytes(RFC.aad), sender.publicKey)), RFC.plain);
  const other = await pairOf();
  await assert.rejects(() => unwrap(recipient, bytes(RFC.info), made, bytes(RFC.aad), other.publicKey));
  await assert.rejects(() => unwrap(recipient, bytes(RFC.info), made, bytes(RFC.aad)));
});

test("a next secret is taken from the lead alone, and never for a first one", async () => {
  const [own, lead, left] = [await pairOf(), await pairOf(), await pairOf()];
  const next = newSecret();
  const wrapped = await wrapNext(next, own.publicKey, "c1", "customer", lead);
  assert.deepEqual(await unwrapNext(own, wrapped, "c1", "customer", lead.publicKey), Uint8Array.from(next));
  const forged = await wrapNext(next, own.publicKey, "c1", "customer", left);
  const first = await wrapSecret(next, own.publicKey, "c1", "customer");
  const attempts = [
    () => unwrapNext(own, forged, "c1", "customer", lead.publicKey),
    () => unwrapNext(own, first, "c1", "customer", lead.publicKey),
    () => unwrapNext(own, wrapped, "c2", "customer", lead.publicKey),
    () => unwrapNext(own, wrapped, "c1", "guardian", lead.publicKey),
    () => unwrapSecret(own, wrapped, "c1", "customer"),
  ];
  for (const attempt of attempts) await assert.rejects(attempt);
});

test("a secret is unwrapped by its member for its case and by nobody else", async () => {
  const [own, other] = [await pairOf(), await pairOf()];
  const secret = newSecret();
  const wrapped = await wrapSecret(secret, own.publicKey, "c1", "a");
  assert.equal(wrapped.length, 80);
  assert.deepEqual(await unwrapSecret(await pairOf(own.jwk), wrapped, "c1", "a"), Uint8Array.from(secret));
  const altered = wrapped.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
  const attempts = [
    () => unwrapSecret(other, wrapped, "c1", "a"),
    () => unwrapSecret(own, wrapped, "c2", "a"),
    () => unwrapSecret(own, wrapped, "c1", "b"),
    () => unwrapSecret(own, altered, "c1", "a"),
  ];
  for (const attempt of attempts) await assert.rejects(attempt);
  await assert.rejects(wrapSecret(secret, new Uint8Array(32), "c1", "a"));
});

test("ids, keys, proofs, codes and wrapped secrets are those of the published vectors", async () => {
  const secret = bytes(vectors.secret);
  assert.equal(await secretId(secret, vectors.case), vectors.id);
  for (const each of vectors.senders) assert.equal(hexOf(await senderKey(secret, vectors.case, each.feed, each.kind)), each.key);
  const own = await pair(vectors.member.private_key, vectors.member.public_key);
  assert.equal(await fingerprintOf(own.publicKey), vectors.member.fingerprint);
  assert.equal(await proofOf(secret, vectors.case, vectors.member.name, own.publicKey), vectors.member.proof);
  assert.equal(await codeOf(secret, vectors.case, vectors.roster as [string, string][]), vectors.code);
  assert.equal(await codeOf(secret, vectors.case, [...vectors.roster].reverse() as [string, string][]), vectors.code);
  for (const wrapped of vectors.member.wrapped) assert.equal(hexOf(await unwrapSecret(own, fromText(wrapped), vectors.case, vectors.member.name)), vectors.secret);
});

test("another member, another secret or another case is another code", async () => {
  const roster: [string, string][] = [["agent", "00"], ["customer", "11"]];
  const secret = newSecret();
  const codes = await Promise.all([codeOf(secret, "c1", roster), codeOf(secret, "c2", roster), codeOf(newSecret(), "c1", roster), codeOf(secret, "c1", [roster[0]!, ["customer", "12"]]), codeOf(secret, "c1", [...roster, ["recorder-a", "22"]])]);
  assert.equal(new Set(codes).size, codes.length);
  for (const code of codes) assert.match(code, /^\d{12}$/);
});
