import assert from "node:assert/strict";
import { test } from "node:test";
import { askForSoundAgain, fragmentOf, iceServersOf, preferred } from "../src/media/sdp.ts";

const OFFER = ["v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111 63", "a=mid:0", "a=ice-ufrag:abcd", "a=ice-pwd:secret", "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc", "a=fmtp:111 minptime=10;useinbandfec=1",
  "a=rtpmap:63 red/48000/2", "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=rtpmap:96 VP8/90000", ""].join("\r\n");

test("opus is asked to be sent again and never to fall silent", () => {
  const made = askForSoundAgain(OFFER).split("\r\n");
  assert.ok(made.includes("a=rtcp-fb:111 nack"));
  assert.ok(made.includes("a=fmtp:111 minptime=10;useinbandfec=1;usedtx=0"));
  assert.equal(made.filter((line) => line === "a=rtcp-fb:111 nack").length, 1);
  assert.ok(!made.includes("a=rtcp-fb:63 nack"));
});

test("asking twice changes nothing more", () => {
  assert.equal(askForSoundAgain(askForSoundAgain(OFFER)), askForSoundAgain(OFFER));
});

test("constrained baseline comes before VP8, other profiles and codecs do not come at all", () => {
  const codecs = [{ mimeType: "video/VP8" }, { mimeType: "video/rtx" }, { mimeType: "video/VP9" }, { mimeType: "video/H264", sdpFmtpLine: "profile-level-id=640c1f;packetization-mode=1" },
    { mimeType: "video/H264", sdpFmtpLine: "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f" }, { mimeType: "video/H264", sdpFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f" }];
  const made = preferred(codecs, ["h264", "vp8"]);
  assert.deepEqual(made.map((each) => each.mimeType), ["video/H264", "video/VP8", "video/rtx"]);
  assert.match(made[0]!.sdpFmtpLine ?? "", /packetization-mode=1/);
});

test("a browser without any of the codecs is left alone", () => {
  assert.deepEqual(preferred([{ mimeType: "video/AV1" }, { mimeType: "video/rtx" }], ["h264", "vp8"]), []);
});

test("a trickle fragment names credentials, media and candidates", () => {
  const made = fragmentOf(OFFER, [{ candidate: "candidate:1 1 udp 1 192.0.2.1 1 typ host", sdpMid: "1" }, { candidate: "", sdpMid: "0" }]).split("\r\n");
  assert.deepEqual(made.slice(0, 2), ["a=ice-ufrag:abcd", "a=ice-pwd:secret"]);
  assert.ok(made.includes("a=candidate:1 1 udp 1 192.0.2.1 1 typ host") && made.includes("a=end-of-candidates"));
  assert.ok(made.indexOf("a=mid:1") > made.indexOf("m=video 9 UDP/TLS/RTP/SAVPF 96"));
});

test("servers are read from Link headers with and without credentials", () => {
  const made = iceServersOf('<stun:s.example>; rel="ice-server", <turn:t.example?transport=udp>; rel="ice-server"; username="u"; credential="c,d"; credential-type="password", <https://x>; rel="next"');
  assert.deepEqual(made, [{ urls: "stun:s.example" }, { urls: "turn:t.example?transport=udp", username: "u", credential: "c,d" }]);
  assert.deepEqual(iceServersOf(null), []);
});
