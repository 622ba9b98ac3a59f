// End-to-end encryption as an option: frames are sealed by SFrame (RFC 9605) in a worker before they leave the browser, and opened in it.
// The recorder is a member with a key of its own, named to everybody. In an encrypted session nothing is sent before there is a secret.

type Transforming = { transform: unknown };
declare const RTCRtpScriptTransform: { new (worker: Worker, options: unknown): unknown } | undefined;

export const canEncrypt = (): boolean => typeof RTCRtpScriptTransform !== "undefined" && Boolean(crypto.subtle);

let worker: Worker | null = null;

function framesWorker(): Worker {
  const address = document.querySelector<HTMLElement>("[data-frames-worker]")?.dataset["framesWorker"] ?? "";
  worker ??= new Worker(address, { type: "module" });
  return worker;
}

/** The secrets of the room, the one to send with last; frames under any of them are opened. */
export function tellSecrets(ref: string, secrets: Uint8Array[]): void {
  framesWorker().postMessage({ ref, secrets });
}

export function encryptSender(sender: RTCRtpSender, feed: string, kind: string): void {
  if (typeof RTCRtpScriptTransform === "undefined") throw new Error("this browser cannot encrypt frames");
  (sender as unknown as Transforming).transform = new RTCRtpScriptTransform(framesWorker(), { op: "encrypt", feed, kind });
}

export function decryptReceiver(receiver: RTCRtpReceiver, feed: string, kind: string): void {
  if (typeof RTCRtpScriptTransform === "undefined") throw new Error("this browser cannot decrypt frames");
  (receiver as unknown as Transforming).transform = new RTCRtpScriptTransform(framesWorker(), { op: "decrypt", feed, kind });
}
