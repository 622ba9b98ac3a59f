// SFrame over encoded frames, in a worker: what leaves the browser can be read by members of the session only. Without a secret no frame
// leaves, and one that cannot be read is not shown.

import { senderKey } from "./media/roomkey.ts";
import { newKid, Opener, sealFrame, setUp, type Keys } from "./media/sframecodec.ts";

interface Transformer { readable: ReadableStream; writable: WritableStream; options: { op: "encrypt" | "decrypt"; feed: string; kind: string } }
interface Frame { data: ArrayBuffer }
interface Told { ref: string; secrets: Uint8Array[] }

let told: Told = { ref: "", secrets: [] };
self.addEventListener("message", (event: MessageEvent<Told>) => { told = event.data; });

const sameBytes = (one: Uint8Array, other: Uint8Array): boolean => one.length === other.length && one.every((byte, place) => byte === other[place]);

/** Each stream, and each change of the secret, takes a key of its own. */
function sealing(feed: string, kind: string): (frame: Uint8Array) => Promise<Uint8Array | null> {
  let keys: Keys | null = null;
  let under: Uint8Array | null = null;
  return async (frame) => {
    const secret = told.secrets.at(-1);
    if (!secret) return null;
    if (!keys || !under || !sameBytes(secret, under)) {
      keys = await setUp(await senderKey(secret, told.ref, feed, kind), newKid());
      under = secret;
    }
    return sealFrame(keys, kind, frame);
  };
}

function opening(feed: string, kind: string): (frame: Uint8Array) => Promise<Uint8Array | null> {
  const opener = new Opener(kind, () => Promise.all(told.secrets.map((secret) => senderKey(secret, told.ref, feed, kind))));
  return (frame) => opener.open(frame).catch(() => null);
}

(self as unknown as { onrtctransform: (event: { transformer: Transformer }) => void }).onrtctransform = (event) => {
  const { readable, writable, options } = event.transformer;
  const change = options.op === "encrypt" ? sealing(options.feed, options.kind) : opening(options.feed, options.kind);
  const work = new TransformStream<Frame, Frame>({
    async transform(frame, controller) {
      const made = await change(new Uint8Array(frame.data));
      if (!made) return;
      frame.data = made.buffer as ArrayBuffer;
      controller.enqueue(frame);
    },
  });
  void readable.pipeThrough(work).pipeTo(writable).catch(() => undefined);
};
