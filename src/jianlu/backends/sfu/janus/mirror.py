"""Two offers made into two answers: Janus offers to its subscribers, and so do our viewers (WHEP), so each is answered from the other.

Both ends then believe that the other answered. Janus numbers payload types as it likes (opus 111, VP8 96, H.264 107) and nothing between
rewrites them: a viewer whose numbers differ is refused. Chromium's are the same for Opus and VP8. ICE roles conflict and are settled by
the ends (RFC 8445, 7.3.1.1).
"""

from __future__ import annotations

from jianlu.backends.sfu.embedded.answer import TRANSPORT_CC, Agreed, Ours, Outgoing, render_answer
from jianlu.backends.sfu.embedded.sdp import Codec, Offer, Section
from jianlu.core.errors import InvalidError


def mirror_offers(viewers: Offer, theirs: Offer, stream: str) -> tuple[str, str]:
    """(the answer to the viewer, the answer to Janus); InvalidError when they have no payload type in common."""
    pairs = _paired(viewers, theirs)
    if not pairs:
        raise InvalidError("this browser numbers its codecs otherwise than Janus: watch with VP8 and Opus, in Chromium")
    agreed = {id(mine): _common(mine, other) for mine, other in pairs}
    to_viewer = [
        Agreed(section, "sendonly", *agreed[id(section)]) if id(section) in agreed else Agreed(section, "inactive")
        for section in viewers.sections
    ]
    other_of = {id(other): mine for mine, other in pairs}
    to_janus = [
        Agreed(section, "recvonly", *agreed[id(other_of[id(section)])])
        if id(section) in other_of
        else Agreed(section, "inactive")
        for section in theirs.sections
    ]
    outgoing = {mine.mid: _outgoing(other, stream) for mine, other in pairs if other.ssrcs}
    return (
        render_answer(to_viewer, _end(theirs, is_server=True), outgoing, 1),
        render_answer(to_janus, _end(viewers, is_server=False), {}, 1),
    )


def _paired(viewers: Offer, theirs: Offer) -> list[tuple[Section, Section]]:
    pairs = []
    free = [section for section in theirs.sections if section.codecs]
    for mine in viewers.sections:
        other = next((section for section in free if section.kind == mine.kind and _common(mine, section)[0]), None)
        if other is not None and mine.direction in ("recvonly", "sendrecv"):
            free.remove(other)
            pairs.append((mine, other))
    return pairs


def _common(mine: Section, other: Section) -> tuple[tuple[Codec, ...], tuple[tuple[str, int], ...]]:
    """What both can, by Janus's numbers; nothing when one of them means something else to the viewer."""
    codecs = []
    for number, theirs in other.codecs.items():
        main = mine.codecs.get(number)
        if main is None or (main.name, main.clock_rate, _mode(main)) != (theirs.name, theirs.clock_rate, _mode(theirs)):
            continue
        feedback = main.feedback & theirs.feedback - {"goog-remb"}
        codecs.append(Codec(number, main.name, main.clock_rate, main.channels, main.parameters, feedback))
    if not any(codec.name != "rtx" for codec in codecs):
        return (), ()
    number = other.extensions.get(TRANSPORT_CC, 0)  # not MID: the two sides name their sections differently
    extensions = ((TRANSPORT_CC, number),) if number and mine.extensions.get(TRANSPORT_CC) == number else ()
    return tuple(codecs), extensions


def _mode(codec: Codec) -> str:
    return codec.parameters.get("packetization-mode", "0")


def _outgoing(other: Section, stream: str) -> Outgoing:
    rtx = next(iter(other.retransmitting), 0)
    main = other.retransmitting.get(rtx, other.ssrcs[0])
    return Outgoing(main, rtx, stream, f"{stream}-{other.kind}")


def _end(offer: Offer, *, is_server: bool) -> Ours:
    bundled = next(section for section in offer.sections if not section.is_rejected)  # the others' transports are let go
    fingerprint = next((value for name, value in offer.fingerprints if name == "sha-256"), "")
    if not fingerprint:
        raise InvalidError("the offer has no fingerprint of sha-256: make a new peer connection")
    return Ours(offer.credentials, fingerprint, tuple(bundled.candidate_lines), is_server, is_lite=offer.is_lite)
