"""What is agreed on an offer, and the answer that says so.

One video codec for a peer that sends (a recording does not change its codec), all that the room allows for one that watches. Feedback:
NACK, PLI, transport-wide congestion control; never REMB beside it. Retransmission by RTX for video, plain for Opus where it is offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jianlu.backends.sfu.embedded.sdp import Codec, Credentials, Offer, Section
from jianlu.capture.sessions.rooms import RoomSpec
from jianlu.core.errors import InvalidError

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
# Without urn:3gpp:video-orientation a phone turns its picture before it encodes it: recordings stand upright everywhere.
_ACCEPTED_FROM_SENDERS = {"audio": (MID, LEVEL, TRANSPORT_CC), "video": (MID, RID, REPAIRED_RID, TRANSPORT_CC)}
_ACCEPTED_FROM_VIEWERS = {"audio": (TRANSPORT_CC,), "video": (TRANSPORT_CC,)}
_FEEDBACK = {"audio": ("nack", "transport-cc"), "video": ("nack", "nack pli", "ccm fir", "transport-cc")}
START_KBPS = 2_000
"""What Chromium begins to send with, so that a recording is sharp from its first second; congestion control goes on from there."""

_EXTENSION_ID_MAX = 14  # of one-byte headers (RFC 8285), the only form we write


@dataclass(frozen=True, slots=True)
class Agreed:
    """One section as agreed: empty codecs mean that it is refused."""

    offered: Section
    direction: str
    codecs: tuple[Codec, ...] = ()
    extensions: tuple[tuple[str, int], ...] = ()
    rids: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """audio or video."""
        return self.offered.kind

    @property
    def mid(self) -> str:
        """The section's name."""
        return self.offered.mid

    @property
    def is_refused(self) -> bool:
        """Whether nothing flows here."""
        return not self.codecs

    def extension(self, uri: str) -> int:
        """The id of a header extension; 0 where it is not agreed."""
        return dict(self.extensions).get(uri, 0)

    def codec(self, name: str) -> Codec | None:
        """The codec called `name`, if agreed."""
        return next((codec for codec in self.codecs if codec.name == name), None)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What the answer says of a stream that we send."""

    ssrc: int
    rtx_ssrc: int
    stream: str
    track: str


@dataclass(frozen=True, slots=True)
class Ours:
    """Our end of the transport: credentials, where we listen, who we are."""

    credentials: Credentials
    fingerprint: str
    candidates: tuple[str, ...]
    is_server: bool
    is_lite: bool = True


def agree_to_receive(offer: Offer, spec: RoomSpec) -> tuple[Agreed, ...]:
    """What a sending peer may send: the first audio and the first video section that has something; InvalidError when none has."""
    return _agree(offer, spec, is_receiving=True)


def agree_to_send(offer: Offer, spec: RoomSpec) -> tuple[Agreed, ...]:
    """What a watching peer may be sent, likewise."""
    return _agree(offer, spec, is_receiving=False)


def render_answer(agreed: Sequence[Agreed], ours: Ours, outgoing: dict[str, Outgoing], version: int) -> str:
    """The answer (JSEP, RFC 8829, 5.3): the sections of the offer in their order, refused ones with port 0."""
    bundled = [each.mid for each in agreed if not each.is_refused]
    lines = [
        "v=0",
        f"o=- {_session_number(ours)} {version} IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        *(["a=ice-lite"] if ours.is_lite else []),
        f"a=group:BUNDLE {' '.join(bundled)}",
        "a=msid-semantic: WMS *",
    ]
    for each in agreed:
        lines += _refused(each) if each.is_refused else _section(each, ours, outgoing.get(each.mid))
    return "\r\n".join(lines) + "\r\n"


def render_fragment(ours: Ours, mid: str) -> str:
    """The ICE fragment that answers a restart (RFC 8840)."""
    lines = [f"a=ice-ufrag:{ours.credentials.ufrag}", f"a=ice-pwd:{ours.credentials.password}"]
    lines += ["m=audio 9 RTP/AVP 0", f"a=mid:{mid}", *_candidates(ours)]
    return "\r\n".join(lines) + "\r\n"


def _agree(offer: Offer, spec: RoomSpec, *, is_receiving: bool) -> tuple[Agreed, ...]:
    taken: set[str] = set()
    agreed = []
    for section in offer.sections:
        each = _agree_section(section, spec, is_receiving=is_receiving)
        if not each.is_refused and section.kind in taken:
            each = Agreed(section, "inactive")
        if not each.is_refused:
            taken.add(section.kind)
        agreed.append(each)
    if not taken:
        raise InvalidError(f"nothing offered is allowed here: offer {', '.join(spec.codecs)} with rtcp-mux over DTLS-SRTP")
    return tuple(agreed)


def _agree_section(section: Section, spec: RoomSpec, *, is_receiving: bool) -> Agreed:
    wanted = ("sendrecv", "sendonly") if is_receiving else ("sendrecv", "recvonly")
    refused = Agreed(section, "inactive")
    if section.kind not in ("audio", "video") or section.is_rejected or not section.has_mux or not section.mid:
        return refused
    if section.protocol != "UDP/TLS/RTP/SAVPF":
        return refused
    names = [name for name in spec.codecs if (name == "opus") == (section.kind == "audio")]
    if spec.is_encrypted:
        names = [name for name in names if name != "h264"]  # an SFrame payload has no NAL units to packetize
    mains = [codec for name in names if (codec := _best(section, name)) is not None]
    if is_receiving:
        mains = mains[:1]
    codecs = tuple(_narrowed(codec, section.kind) for main in mains for codec in (main, *_rtx_of(section, main)))
    if not codecs:
        return refused
    known = _ACCEPTED_FROM_SENDERS if is_receiving else _ACCEPTED_FROM_VIEWERS
    extensions = tuple(
        (uri, section.extensions[uri]) for uri in known[section.kind] if 0 < section.extensions.get(uri, 0) <= _EXTENSION_ID_MAX
    )
    direction = ("recvonly" if is_receiving else "sendonly") if section.direction in wanted else "inactive"
    return Agreed(section, direction, codecs, extensions, section.rids if is_receiving else ())


def _best(section: Section, name: str) -> Codec | None:
    """The payload type to use for a codec: of H.264 constrained baseline, packetization mode 1 (RFC 7742, 6.2)."""
    found = [codec for codec in section.codecs.values() if codec.name == name]
    if name == "h264":
        found = [codec for codec in found if codec.parameters.get("packetization-mode", "0") == "1" and _is_baseline(codec)]
        found.sort(key=lambda codec: not codec.parameters.get("profile-level-id", "").lower().startswith("42e0"))
    rate = 48_000 if name == "opus" else 90_000
    return next((codec for codec in found if codec.clock_rate == rate), None)


def _is_baseline(codec: Codec) -> bool:
    return codec.parameters.get("profile-level-id", "42e01f").lower().startswith("42")


def _rtx_of(section: Section, main: Codec) -> list[Codec]:
    return [
        codec
        for codec in section.codecs.values()
        if codec.name == "rtx" and codec.parameters.get("apt") == str(main.payload_type) and codec.clock_rate == main.clock_rate
    ][:1]


def _narrowed(codec: Codec, kind: str) -> Codec:
    ours = _FEEDBACK[kind] if codec.name != "rtx" else ()
    return Codec(
        codec.payload_type,
        codec.name,
        codec.clock_rate,
        codec.channels,
        codec.parameters,
        frozenset(each for each in ours if each in codec.feedback),
    )


def _refused(each: Agreed) -> list[str]:
    offered = each.offered
    lines = [f"m={offered.kind} 0 {offered.protocol} {' '.join(offered.formats)}", "c=IN IP4 0.0.0.0", "a=inactive"]
    return [*lines, f"a=mid:{offered.mid}"] if offered.mid else lines


def _section(each: Agreed, ours: Ours, outgoing: Outgoing | None) -> list[str]:
    numbers = " ".join(str(codec.payload_type) for codec in each.codecs)
    lines = [
        f"m={each.kind} 9 UDP/TLS/RTP/SAVPF {numbers}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=ice-ufrag:{ours.credentials.ufrag}",
        f"a=ice-pwd:{ours.credentials.password}",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {ours.fingerprint}",
        f"a=setup:{'passive' if ours.is_server else 'active'}",
        f"a=mid:{each.mid}",
        *(f"a=extmap:{number} {uri}" for uri, number in each.extensions),
        f"a={each.direction}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
    ]
    for codec in each.codecs:
        lines += _codec_lines(codec, is_receiving=outgoing is None)
    if each.rids:
        lines += [*(f"a=rid:{rid} recv" for rid in each.rids), f"a=simulcast:recv {';'.join(each.rids)}"]
    if outgoing is not None:
        lines += _stream_lines(each, outgoing)
    return lines + _candidates(ours)


def _codec_lines(codec: Codec, *, is_receiving: bool) -> list[str]:
    number = codec.payload_type
    suffix = f"/{codec.channels}" if codec.channels > 1 else ""
    lines = [f"a=rtpmap:{number} {_title(codec.name)}/{codec.clock_rate}{suffix}"]
    lines += [f"a=rtcp-fb:{number} {each}" for each in sorted(codec.feedback)]
    parameters = dict(codec.parameters)
    if is_receiving and codec.name in ("h264", "vp8"):
        parameters["x-google-start-bitrate"] = str(START_KBPS)
    if parameters:
        text = ";".join(f"{name}={value}" if value else name for name, value in parameters.items())
        lines.append(f"a=fmtp:{number} {text}")
    return lines


def _title(name: str) -> str:
    return name.upper() if name in ("h264", "vp8") else name


def _stream_lines(each: Agreed, outgoing: Outgoing) -> list[str]:
    has_rtx = any(codec.name == "rtx" for codec in each.codecs)
    ssrcs = (outgoing.ssrc, outgoing.rtx_ssrc) if has_rtx else (outgoing.ssrc,)  # browsers take the first for the stream's own
    lines = [f"a=msid:{outgoing.stream} {outgoing.track}"]
    if has_rtx:
        lines.append(f"a=ssrc-group:FID {outgoing.ssrc} {outgoing.rtx_ssrc}")
    for ssrc in ssrcs:
        lines += [f"a=ssrc:{ssrc} cname:{outgoing.stream}", f"a=ssrc:{ssrc} msid:{outgoing.stream} {outgoing.track}"]
    return lines


def _candidates(ours: Ours) -> list[str]:
    return [*(f"a=candidate:{each}" for each in ours.candidates), "a=end-of-candidates"]


def _session_number(ours: Ours) -> int:
    return int.from_bytes(ours.credentials.ufrag.encode()[:6], "big")
