"""Offers, read strictly: SDP (RFC 8866) as JSEP (RFC 8829) and WHIP (RFC 9725) use it, and ICE fragments (RFC 8840).

Only what an SFU answers by is kept. Whatever does not read is InvalidError: offers come from the open network. Answers are written
in `answer.py`; aiortc's own SDP classes know neither rids, simulcast nor transport-wide feedback.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from jianlu.capture.sessions.rooms import OFFER_BYTES_MAX
from jianlu.core.errors import InvalidError

SECTIONS_MAX = 16
FRAGMENT_BYTES_MAX = 16 * 1024
_DIGITS_MAX = 12
_MEDIA = re.compile(r"(audio|video|application|text|message) (\d{1,5})(?:/\d+)? ([A-Z/]{1,40}) ([\w\- ]{1,400})")
_RTPMAP = re.compile(r"(\d{1,3}) ([\w.\-]{1,40})/(\d{1,7})(?:/(\d{1,2}))?")
_EXTMAP = re.compile(r"(\d{1,5})(?:/\w+)? (\S{1,200}).*")
_FINGERPRINT = re.compile(r"(sha-256|sha-384|sha-512) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31,63})", re.I)
_UFRAG = re.compile(r"[A-Za-z0-9+/=\-_]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/=\-_]{22,256}")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~]{1,64}")
_CANDIDATE = re.compile(r"\S+ \d+ (udp) \d+ (\S+) (\d{1,5}) typ \w+.*", re.I)
_DIRECTIONS = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})
_SETUPS = frozenset({"actpass", "active", "passive"})


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type of a section."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int
    parameters: dict[str, str]
    feedback: frozenset[str]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a peer's ICE checks are signed with."""

    ufrag: str
    password: str


@dataclass(slots=True)
class Section:
    """One m= section of an offer."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    mid: str = ""
    direction: str = "sendrecv"
    setup: str = ""
    ufrag: str = ""
    password: str = ""
    fingerprints: list[tuple[str, str]] = field(default_factory=list)
    codecs: dict[int, Codec] = field(default_factory=dict)
    extensions: dict[str, int] = field(default_factory=dict)
    rids: tuple[str, ...] = ()
    ssrcs: list[int] = field(default_factory=list)
    retransmitting: dict[int, int] = field(default_factory=dict)
    candidates: list[tuple[str, int]] = field(default_factory=list)
    candidate_lines: list[str] = field(default_factory=list)
    has_mux: bool = False

    @property
    def is_rejected(self) -> bool:
        """Whether the peer stopped this section for good: port 0 outside a bundle (RFC 8829, 5.2.2)."""
        return self.port == 0 and not self.ufrag


@dataclass(frozen=True, slots=True)
class Offer:
    """What a peer offers: its sections, and what all of them share because they are bundled."""

    sections: tuple[Section, ...]
    credentials: Credentials
    fingerprints: tuple[tuple[str, str], ...]
    setup: str
    is_lite: bool
    candidates: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Fragment:
    """What an ICE fragment says: candidates of the present session, or the credentials of the next one."""

    credentials: Credentials
    candidates: tuple[tuple[str, int], ...]
    mids: tuple[str, ...]


def read_offer(text: str) -> Offer:
    """The offer; raises InvalidError for anything that is not one bundled WebRTC offer."""
    if len(text.encode("utf-8", "replace")) > OFFER_BYTES_MAX:
        raise InvalidError(f"the offer is larger than {OFFER_BYTES_MAX} bytes: offer fewer codecs or candidates")
    lines = _lines(text)
    if not lines or lines[0] != "v=0":
        raise InvalidError("the offer is not SDP: send the browser's offer as it is, as application/sdp")
    at = next((i for i, line in enumerate(lines) if line.startswith("m=")), len(lines))
    session = Section("session", 0, "", ())
    bundle: list[str] = []
    is_lite = False
    for name, value in _attributes(lines[:at]):
        if name == "group" and value.startswith("BUNDLE "):
            bundle = value.split()[1:]
        is_lite = is_lite or name == "ice-lite"
        _read_transport(session, name, value)
    sections = [_read_section(group, session) for group in _groups(lines[at:])]
    return _as_offer(sections, bundle, is_lite)


def read_fragment(text: str) -> Fragment:
    """The fragment; raises InvalidError for what is not one (RFC 8840, section 9)."""
    if len(text.encode("utf-8", "replace")) > FRAGMENT_BYTES_MAX:
        raise InvalidError(f"the ICE fragment is larger than {FRAGMENT_BYTES_MAX} bytes: send candidates one by one")
    found = Section("fragment", 0, "", ())
    mids = []
    for name, value in _attributes(_lines(text)):
        _read_transport(found, name, value)
        if name == "mid":
            mids.append(_matched(_TOKEN, value, "a=mid").group())
    return Fragment(_credentials(found), tuple(found.candidates), tuple(mids))


def _as_offer(sections: list[Section], bundle: list[str], is_lite: bool) -> Offer:
    live = [section for section in sections if not section.is_rejected]
    if not live:
        raise InvalidError("the offer has no media: add a track or a transceiver before offering")
    if len(live) > 1 and {section.mid for section in live} - set(bundle):
        raise InvalidError("the offer does not bundle its media: set bundlePolicy to max-bundle")
    mids = [section.mid for section in sections if section.mid]
    if len(set(mids)) != len(mids):
        raise InvalidError("the offer names two sections alike: make a new peer connection")
    first = next((section for section in live if section.fingerprints and section.setup), live[0])
    if not first.fingerprints:
        raise InvalidError("the offer has no DTLS fingerprint of sha-256 or better: only encrypted media is accepted")
    if first.setup not in _SETUPS:
        raise InvalidError("the offer does not say its DTLS role (a=setup)")
    candidates = tuple(address for section in live for address in section.candidates)
    return Offer(tuple(sections), _credentials(first), tuple(first.fingerprints), first.setup, is_lite, candidates)


def _credentials(section: Section) -> Credentials:
    if not section.ufrag or not section.password:
        raise InvalidError("there are no ICE credentials (a=ice-ufrag, a=ice-pwd): send the description as the browser made it")
    return Credentials(section.ufrag, section.password)


def _lines(text: str) -> list[str]:
    if "\0" in text:
        raise InvalidError("the description holds a zero byte: it is not SDP")
    return [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line]


def _attributes(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            yield name, value.strip()


def _groups(lines: list[str]) -> Iterator[list[str]]:
    starts = [i for i, line in enumerate(lines) if line.startswith("m=")]
    if len(starts) > SECTIONS_MAX:
        raise InvalidError(f"the offer has more than {SECTIONS_MAX} media sections: make a new peer connection")
    for start, end in pairwise([*starts, len(lines)]):
        yield lines[start:end]


def _matched(pattern: re.Pattern[str], value: str, what: str) -> re.Match[str]:
    match = pattern.fullmatch(value)
    if match is None:
        raise InvalidError(f"the description's {what} does not read: send it as the browser made it")
    return match


def _number(value: str, most: int, what: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > _DIGITS_MAX or int(value) > most:
        raise InvalidError(f"the description's {what} is out of range: send it as the browser made it")
    return int(value)


def _read_section(lines: list[str], session: Section) -> Section:
    kind, port, protocol, formats = _matched(_MEDIA, lines[0][2:].strip(), "m= line").groups()
    section = Section(kind, _number(port, 65_535, "port"), protocol, tuple(formats.split()))
    section.ufrag, section.password, section.setup = session.ufrag, session.password, session.setup
    section.fingerprints = list(session.fingerprints)
    attributes = list(_attributes(lines[1:]))
    if port == "0" and "bundle-only" not in {name for name, _ in attributes}:
        section.ufrag = ""
        section.mid = next((value for name, value in attributes if name == "mid"), "")
        return section
    for name, value in attributes:
        _read_transport(section, name, value)
        _read_media(section, name, value)
    if kind in ("audio", "video"):
        section.codecs = _read_codecs(attributes, section.formats)
    return section


def _read_transport(section: Section, name: str, value: str) -> None:
    match name:
        case "ice-ufrag":
            section.ufrag = _matched(_UFRAG, value, "a=ice-ufrag").group()
        case "ice-pwd":
            section.password = _matched(_PASSWORD, value, "a=ice-pwd").group()
        case "setup":
            section.setup = value
        case "fingerprint" if found := _FINGERPRINT.fullmatch(value):
            section.fingerprints.append((found[1].lower(), found[2].upper()))
        case "candidate" if found := _CANDIDATE.fullmatch(value):
            section.candidates.append((found[2], _number(found[3], 65_535, "candidate")))
            section.candidate_lines.append(value)


def _read_media(section: Section, name: str, value: str) -> None:
    match name:
        case "mid":
            section.mid = _matched(_TOKEN, value, "a=mid").group()
        case "rtcp-mux":
            section.has_mux = True
        case "extmap":
            found = _matched(_EXTMAP, value, "a=extmap")
            section.extensions[found[2]] = _number(found[1], 65_535, "a=extmap")
        case "simulcast":
            section.rids = _simulcast(value)
        case "ssrc":
            ssrc = _number(value.split(" ", 1)[0], 0xFFFFFFFF, "a=ssrc")
            if ssrc not in section.ssrcs:
                section.ssrcs.append(ssrc)
        case "ssrc-group" if value.startswith("FID "):
            pair = [_number(each, 0xFFFFFFFF, "a=ssrc-group") for each in value.split()[1:]]
            if len(pair) == 2:
                section.retransmitting[pair[1]] = pair[0]
        case _ if name in _DIRECTIONS:
            section.direction = name


def _simulcast(value: str) -> tuple[str, ...]:
    """The rids that the peer sends, from `send h;m;l` (RFC 8853); of alternatives the first."""
    words = value.split()
    if "send" not in words[::2]:
        return ()
    streams = words[words.index("send") + 1] if words.index("send") + 1 < len(words) else ""
    rids = tuple(each.split(",")[0].lstrip("~") for each in streams.split(";"))
    return tuple(_matched(_TOKEN, rid, "a=simulcast").group() for rid in rids[:8])


def _read_codecs(attributes: list[tuple[str, str]], formats: tuple[str, ...]) -> dict[int, Codec]:
    parameters: dict[str, dict[str, str]] = {}
    feedback: dict[str, set[str]] = {}
    for name, value in attributes:
        number, _, rest = value.partition(" ")
        if name == "fmtp":
            parameters[number] = dict(_parameter(each) for each in rest.split(";") if each.strip())
        elif name == "rtcp-fb":
            feedback.setdefault(number, set()).add(rest.strip().lower())
    codecs = {}
    for name, value in attributes:
        if name != "rtpmap":
            continue
        number, title, rate, channels = _matched(_RTPMAP, value, "a=rtpmap").groups()
        if number in formats and int(number) < 128:
            codecs[int(number)] = Codec(
                int(number),
                title.lower(),
                int(rate),
                int(channels or 1),
                parameters.get(number, {}),
                frozenset(feedback.get(number, set()) | feedback.get("*", set())),
            )
    return codecs


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition("=")
    return name.strip().lower(), value.strip()
