import assert from "node:assert/strict";
import { test } from "node:test";

// A page of nobody, as the sign-in page is, and a store that keeps keys as a browser's does.
const kept = new Map<string, unknown>();
const request = <T>(result: T): { result: T; onsuccess?: () => void } => { const made: { result: T; onsuccess?: () => void } = { result }; queueMicrotask(() => made.onsuccess?.()); return made; };
const store = { get: (name: string) => request(kept.get(name)), put: (value: unknown, name: string) => request(kept.set(name, value)) };
Object.assign(globalThis, {
  document: { body: { dataset: { capacity: "" } }, documentElement: { lang: "en" }, addEventListener: () => undefined, getElementById: () => ({ textContent: "{}" }) },
  location: { href: "https://bank.example/sign-in" },
  indexedDB: { open: () => request({ transaction: () => ({ objectStore: () => store }), createObjectStore: () => store }) },
});
const { heed, isProved, proofOf } = await import("../src/device.ts");
const said = (part: string | undefined): Record<string, unknown> => JSON.parse(Buffer.from(part ?? "", "base64url").toString()) as Record<string, unknown>;

test("a proof names one call and is signed by the key that it carries", async () => {
  const [header, payload, signature] = (await proofOf("POST", "/api/v1/sign-in?x=1")).split(".");
  const jwk = said(header)["jwk"] as JsonWebKey;
  assert.deepEqual([said(header)["typ"], said(header)["alg"], Object.keys(jwk).sort().join()], ["dpop+jwt", "ES256", "crv,kty,x,y"]);
  assert.deepEqual([said(payload)["htm"], said(payload)["htu"]], ["POST", "https://bank.example/api/v1/sign-in"]);
  const key = await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  assert.ok(await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, Buffer.from(signature ?? "", "base64url"), new TextEncoder().encode(`${header}.${payload}`)));
});

test("the key stays, no two proofs are the same, and nobody can take the key out", async () => {
  const [first, second] = [await proofOf("GET", "/api/v1/me"), await proofOf("GET", "/api/v1/me")];
  assert.deepEqual(said(first.split(".")[0])["jwk"], said(second.split(".")[0])["jwk"]);
  assert.notEqual(said(first.split(".")[1])["jti"], said(second.split(".")[1])["jti"]);
  await assert.rejects(crypto.subtle.exportKey("jwk", (kept.get("sign-in") as CryptoKeyPair).privateKey));
});

test("a customer's calls are not proved, a member of staff's are", async () => {
  assert.equal(await proofOf("GET", "/api/v1/cases/c/session"), "");
  document.body.dataset["capacity"] = "seat:customer";
  assert.equal(isProved("/api/v1/cases/c/session"), false);
  document.body.dataset["capacity"] = "staff";
  assert.equal(isProved("/api/v1/cases/c/session"), true);
});

test("a desk whose clock is wrong proves by the server's", async () => {
  heed(new Response("", { headers: { date: new Date(Date.now() + 3_600_000).toUTCString() } }));
  const at = said((await proofOf("GET", "/api/v1/me")).split(".")[1])["iat"] as number;
  assert.ok(Math.abs(at - Date.now() / 1000 - 3600) < 5);
});
