// Small, tested edits of session descriptions: what WebRTC's API cannot say but the recorder needs.

/** Asks for NACK on Opus, so that lost sound is sent again, and keeps Opus from falling silent (no DTX) and from dropping its redundancy. */
export function askForSoundAgain(sdp: string): string {
  const lines = sdp.split("\r\n");
  const opus = new Set<string>();
  for (const line of lines) {
    const found = /^a=rtpmap:(\d+) opus\/48000/i.exec(line);
    if (found?.[1]) opus.add(found[1]);
  }
  const made: string[] = [];
  for (const line of lines) {
    const format = /^a=fmtp:(\d+) (.*)$/.exec(line);
    if (format?.[1] && opus.has(format[1])) {
      made.push(`a=fmtp:${format[1]} ${withParameters(format[2] ?? "", { usedtx: "0", useinbandfec: "1" })}`);
      continue;
    }
    made.push(line);
    const map = /^a=rtpmap:(\d+) opus\/48000/i.exec(line);
    if (map?.[1] && !lines.includes(`a=rtcp-fb:${map[1]} nack`)) made.push(`a=rtcp-fb:${map[1]} nack`);
  }
  return made.join("\r\n");
}

function withParameters(text: string, wanted: Record<string, string>): string {
  const pairs = new Map(text.split(";").map((part) => part.trim().split("=")).filter((part) => part[0]).map((part) => [part[0]!, part.slice(1).join("=")]));
  for (const [name, value] of Object.entries(wanted)) pairs.set(name, value);
  return [...pairs].map(([name, value]) => `${name}=${value}`).join(";");
}

interface Codec { mimeType: string; sdpFmtpLine?: string }

/** Codecs in the order in which we want them: H.264 constrained baseline (packetisation mode 1), VP8, then retransmission; nothing else. */
export function preferred<T extends Codec>(codecs: readonly T[], names: readonly string[]): T[] {
  const of = (codec: T): string => codec.mimeType.split("/")[1]?.toLowerCase() ?? "";
  const rank = (codec: T): number => {
    const place = names.indexOf(of(codec));
    if (place < 0) return -1;
    if (of(codec) !== "h264") return place * 10;
    const line = codec.sdpFmtpLine ?? "";
    if (!/packetization-mode=1/.test(line)) return -1;
    return /profile-level-id=42e0/i.test(line) ? place * 10 : -1;
  };
  const kept = codecs.map((codec) => ({ codec, rank: rank(codec) })).filter((each) => each.rank >= 0);
  if (!kept.length) return [];
  kept.sort((a, b) => a.rank - b.rank);
  return [...kept.map((each) => each.codec), ...codecs.filter((codec) => of(codec) === "rtx")];
}

/** A trickle fragment (RFC 8840) for candidates found after the offer was sent. */
export function fragmentOf(sdp: string, candidates: readonly { candidate: string; sdpMid: string | null }[]): string {
  const find = (name: string): string => new RegExp(`^a=${name}:(.*)$`, "m").exec(sdp)?.[1]?.trim() ?? "";
  const lines = [`a=ice-ufrag:${find("ice-ufrag")}`, `a=ice-pwd:${find("ice-pwd")}`];
  const kinds = new Map<string, string>();
  let media = "";
  for (const line of sdp.split(/\r?\n/)) {
    if (line.startsWith("m=")) media = line;
    if (line.startsWith("a=mid:")) kinds.set(line.slice(6), media);
  }
  for (const mid of new Set(candidates.map((each) => each.sdpMid ?? "0"))) {
    lines.push(kinds.get(mid) ?? "m=audio 9 UDP/TLS/RTP/SAVPF 0", `a=mid:${mid}`);
    for (const each of candidates) if ((each.sdpMid ?? "0") === mid) lines.push(each.candidate ? `a=${each.candidate}` : "a=end-of-candidates");
  }
  return lines.join("\r\n") + "\r\n";
}

/** Servers that a Link header names with rel="ice-server" (RFC 9725, 4.6). */
export function iceServersOf(link: string | null): RTCIceServer[] {
  const found: RTCIceServer[] = [];
  for (const part of (link ?? "").split(/,\s*(?=<)/)) {
    const url = /^\s*<([^>]+)>/.exec(part)?.[1];
    if (!url || !/rel="?ice-server"?/i.test(part)) continue;
    const value = (name: string): string | undefined => new RegExp(`${name}="([^"]*)"`, "i").exec(part)?.[1];
    found.push({ urls: url, ...(value("username") ? { username: value("username")!, credential: value("credential") ?? "" } : {}) });
  }
  return found;
}
