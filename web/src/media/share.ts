// What a person shows: their screen, a document's picture, a whiteboard. Each becomes the feed "<seat>-screen" and is recorded like any track.

import { faultOf, DeviceError } from "./devices.ts";

export async function openScreen(): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getDisplayMedia) throw new DeviceError("unsupported");
  try {
    return await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 }, width: { max: 1920 }, height: { max: 1080 } }, audio: false });
  } catch (error) {
    throw new DeviceError(faultOf(error));
  }
}

type Drawable = HTMLCanvasElement & { captureStream(fps: number): MediaStream };

/** A picture file on a white page, redrawn each second: a still canvas sends no frames, and the recorder would call it frozen. */
export async function openPicture(file: File): Promise<{ stream: MediaStream; canvas: HTMLCanvasElement }> {
  const picture = await createImageBitmap(file);
  const canvas = blank();
  const at = canvas.getContext("2d")!;
  const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  const draw = (): void => {
    at.fillStyle = "#fff";
    at.fillRect(0, 0, canvas.width, canvas.height);
    at.drawImage(picture, (canvas.width - picture.width * scale) / 2, (canvas.height - picture.height * scale) / 2, picture.width * scale, picture.height * scale);
  };
  return { stream: beating(canvas, draw), canvas };
}

/** A board to draw on with a finger, a pen or a mouse. */
export function openBoard(): { stream: MediaStream; canvas: HTMLCanvasElement; wipe: () => void } {
  const canvas = blank();
  const at = canvas.getContext("2d")!;
  const wipe = (): void => { at.fillStyle = "#fff"; at.fillRect(0, 0, canvas.width, canvas.height); };
  wipe();
  at.lineCap = at.lineJoin = "round";
  at.strokeStyle = "#16202e";
  let last: [number, number] | null = null;
  const place = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
  };
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); last = place(event); });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const next = place(event);
    at.lineWidth = event.pointerType === "pen" ? 2 + event.pressure * 5 : 4;
    at.beginPath();
    at.moveTo(...last);
    at.lineTo(...next);
    at.stroke();
    last = next;
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { last = null; });
  return { stream: beating(canvas, () => { at.fillStyle = "#fff"; at.fillRect(0, 0, 1, 1); }), canvas, wipe };
}

function blank(): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = 1280;
  canvas.height = 720;
  canvas.className = "board";
  return canvas;
}

function beating(canvas: HTMLCanvasElement, draw: () => void): MediaStream {
  draw();
  const stream = (canvas as Drawable).captureStream(15);
  const timer = setInterval(draw, 500);
  stream.getVideoTracks()[0]?.addEventListener("ended", () => clearInterval(timer));
  return stream;
}

/** Stops the tracks of a stream, and says so to what waits for their end. */
export function shut(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }
}
