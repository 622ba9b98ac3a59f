// End-to-end encryption as an option: hands frames to a worker that seals them by SFrame (RFC 9605) before they leave the browser.
// The recorder is a member with its own copy of the key, named to everybody; without a key nothing here runs.

type Transforming = { transform: unknown };
declare const RTCRtpScriptTransform: { new (worker: Worker, options: unknown): unknown } | undefined;

export const canEncrypt = (): boolean => typeof RTCRtpScriptTransform !== "undefined";

let worker: Worker | null = null;

function framesWorker(): Worker {
  const address = document.querySelector<HTMLElement>("[data-frames-worker]")?.dataset["framesWorker"] ?? "";
  worker ??= new Worker(address, { type: "module" });
  return worker;
}

export function encryptSender(sender: RTCRtpSender, key: Uint8Array, kind: string): void {
  if (typeof RTCRtpScriptTransform === "undefined") throw new Error("this browser cannot encrypt frames");
  (sender as unknown as Transforming).transform = new RTCRtpScriptTransform(framesWorker(), { op: "encrypt", kind, key });
}

export function decryptReceiver(receiver: RTCRtpReceiver, key: Uint8Array, kind: string): void {
  if (typeof RTCRtpScriptTransform === "undefined") throw new Error("this browser cannot decrypt frames");
  (receiver as unknown as Transforming).transform = new RTCRtpScriptTransform(framesWorker(), { op: "decrypt", kind, key });
}
