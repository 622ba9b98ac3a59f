// Cameras and microphones: asking for them, saying in one word why they cannot be had, noticing that one was unplugged.

export type DeviceFault = "insecure" | "unsupported" | "denied" | "absent" | "in_use" | "other";

export const CAMERA: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25, max: 30 }, facingMode: "user" };
export const MICROPHONE: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: { ideal: 1 } };

/** What a browser must be able to do for a session; the names of what is missing. */
export function missing(): string[] {
  const found: string[] = [];
  if (!window.isSecureContext) found.push("https");
  if (!navigator.mediaDevices?.getUserMedia) found.push("camera");
  if (typeof RTCPeerConnection === "undefined") found.push("webrtc");
  if (typeof EventSource === "undefined") found.push("events");
  return found;
}

export class DeviceError extends Error {
  constructor(readonly fault: DeviceFault) { super(fault); }
}

export function faultOf(error: unknown): DeviceFault {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError" || name === "PermissionDeniedError") return "denied";
  if (name === "NotFoundError" || name === "DevicesNotFoundError" || name === "OverconstrainedError") return "absent";
  if (name === "NotReadableError" || name === "AbortError" || name === "TrackStartError") return "in_use";
  return "other";
}

/** Camera and microphone as chosen. Raises DeviceError. */
export async function openDevices(chosen: { camera?: string; microphone?: string } = {}): Promise<MediaStream> {
  if (!window.isSecureContext) throw new DeviceError("insecure");
  if (!navigator.mediaDevices?.getUserMedia) throw new DeviceError("unsupported");
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: chosen.camera ? { ...CAMERA, facingMode: undefined, deviceId: { exact: chosen.camera } } : CAMERA,
      audio: chosen.microphone ? { ...MICROPHONE, deviceId: { exact: chosen.microphone } } : MICROPHONE,
    });
  } catch (error) {
    if (chosen.camera || chosen.microphone) return openDevices();
    throw new DeviceError(faultOf(error));
  }
}

export async function listDevices(): Promise<MediaDeviceInfo[]> {
  return (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
}

/** Which of the written instructions for permissions fits this browser. */
export function browserName(agent = navigator.userAgent): "wechat" | "ios" | "android" | "firefox" | "edge" | "safari" | "chrome" {
  if (/MicroMessenger/i.test(agent)) return "wechat";
  if (/iPhone|iPad|iPod/.test(agent)) return "ios";
  if (/Android/.test(agent)) return "android";
  if (/Firefox\//.test(agent)) return "firefox";
  if (/Edg\//.test(agent)) return "edge";
  if (/Safari\//.test(agent) && !/Chrome\//.test(agent)) return "safari";
  return "chrome";
}

/** Keeps the screen on while something runs; taken again when the tab comes back. */
export class WakeLock {
  private lock: { release(): Promise<void> } | null = null;
  private isWanted = false;
  private readonly again = (): void => { if (this.isWanted && document.visibilityState === "visible") void this.take(); };

  async on(): Promise<void> {
    this.isWanted = true;
    document.addEventListener("visibilitychange", this.again);
    await this.take();
  }

  off(): void {
    this.isWanted = false;
    document.removeEventListener("visibilitychange", this.again);
    void this.lock?.release().catch(() => undefined);
    this.lock = null;
  }

  private async take(): Promise<void> {
    const wake = (navigator as Navigator & { wakeLock?: { request(kind: string): Promise<{ release(): Promise<void> }> } }).wakeLock;
    this.lock = (await wake?.request("screen").catch(() => null)) ?? null;
  }
}
