// SFrame over encoded frames, in a worker: what leaves the browser can be read by members of the session only.

import { openFrame, sealFrame, setUp, type Keys } from "./media/sframecodec.ts";

interface Transformer { readable: ReadableStream; writable: WritableStream; options: { op: "encrypt" | "decrypt"; kind: string; key: Uint8Array; kid?: number } }
interface Frame { data: ArrayBuffer }

(self as unknown as { onrtctransform: (event: { transformer: Transformer }) => void }).onrtctransform = (event) => {
  const { readable, writable, options } = event.transformer;
  const ready: Promise<Keys> = setUp(options.key, options.kid ?? 0);
  const work = new TransformStream<Frame, Frame>({
    async transform(frame, controller) {
      const keys = await ready;
      const bytes = new Uint8Array(frame.data);
      const made = options.op === "encrypt" ? await sealFrame(keys, options.kind, bytes) : await openFrame(keys, options.kind, bytes).catch(() => null);
      if (!made) return; // not for us, or altered: a frame that cannot be read is not shown
      frame.data = made.buffer as ArrayBuffer;
      controller.enqueue(frame);
    },
  });
  void readable.pipeThrough(work).pipeTo(writable).catch(() => undefined);
};
