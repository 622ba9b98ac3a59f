"""Every bound of the formats and of the verifier, each with its reason.

A bound is here so that hostile input ends in an error, not in exhausted memory or an endless loop. Raising one is a
change of format: note it in the spec that names it.
"""

from __future__ import annotations

# --- ledger -----------------------------------------------------------------------------------------------------
EVENT_BYTES_MAX = 1024
"""A ledger event: small enough to be read by a person, and no room for smuggled personal data."""

RETENTION_BODY_BYTES_MAX = 640
"""Body of an event that sets a term: with the longest tenant and everything else around it the event stays within its bound."""

LOG_ENTRIES_MAX = 1 << 40
"""Tree size: ten thousand events a second for three years; keeps every proof at 40 hashes or fewer."""

PROOF_HASHES_MAX = 64
"""Hashes in an inclusion or consistency proof: no tree below 2^63 entries needs more."""

NOTE_BYTES_MAX = 64 * 1024
"""A signed note (checkpoint or manifest note): a checkpoint with some hundred cosignatures stays below."""

NOTE_SIGNATURES_MAX = 100
"""Signatures on one note: the bound of c2sp.org/signed-note readers in the field."""

# --- sealed objects ---------------------------------------------------------------------------------------------
SEGMENT_PLAIN_BYTES_MAX = 256 * 1024 * 1024
"""Plaintext of one media segment: two seconds at 1 Gbit/s, far above any camera that records a sale."""

# --- documents inside a package ---------------------------------------------------------------------------------
DOCUMENT_BYTES_MAX = 64 * 1024 * 1024
"""One JSON document (plan, findings, verdicts, openings): a day of speech with word times is about 20 MB."""

DOCUMENT_DEPTH_MAX = 32
"""Nesting of JSON documents: ours use at most 8; deeper input only serves to exhaust the stack."""

CASE_EVENTS_MAX = 1_000_000
"""Events of one case: 2 s segments for 23 days."""

FINDINGS_MAX = 2_000_000
"""Findings of one case."""

# --- package ----------------------------------------------------------------------------------------------------
PACKAGE_ENTRIES_MAX = 2_500_000
"""Entries of one package: two per segment, plus proofs, at `CASE_EVENTS_MAX`."""

PACKAGE_NAME_BYTES_MAX = 200
"""An entry's name: ours are below 80 bytes."""

PACKAGE_BYTES_MAX = 1 << 42
"""A package: 4 TiB, one day of a 4K recording."""

# --- capture ----------------------------------------------------------------------------------------------------
MEDIA_BYTES_MAX = 1 << 42
"""A media file handed in: the bound of a package, which must hold it."""

MEDIA_STREAMS_MAX = 32
"""Streams of a container, those we ignore included: phones write up to eight."""

MEDIA_TRACKS_MAX = 10
"""Captured tracks: one picture and nine microphones, which fit into one event; the largest session we know of has seven seats."""

MEDIA_DURATION_MS_MAX = 24 * 3600 * 1000
"""One recording: a day. Longer business is several sessions."""

MEDIA_SAMPLES_MAX = 20_000_000
"""Samples that one MP4 may list over all tracks: a day of 60 frames a second and eleven AAC tracks is below. Bounds its index in memory."""

MEDIA_ELEMENTS_MAX = 40_000_000
"""Boxes or EBML elements that are walked before a file is refused: twice `MEDIA_SAMPLES_MAX`."""

MEDIA_HEADER_BYTES_MAX = 512 * 1024 * 1024
"""The `moov` of an MP4: 24 bytes a sample at `MEDIA_SAMPLES_MAX`."""

FRAME_BYTES_MAX = 32 * 1024 * 1024
"""One coded frame: an 8K key frame at the highest quality stays below."""

FRAME_SIDE_MAX = 16_384
"""Width or height of a picture: 16K, the largest of the H.265 and AV1 levels."""

CAPTURE_PENDING_BYTES_MAX = 192 * 1024 * 1024
"""Coded frames that wait to be cut: ten seconds at 150 Mbit/s, and below `SEGMENT_PLAIN_BYTES_MAX`."""

CAPTURE_PENDING_SAMPLES_MAX = 100_000
"""Coded frames that wait to be cut, however small: ten tracks of a hundred a second for `CAPTURE_LAG_MS`, ten times over."""

CAPTURE_LAG_MS = 10_000
"""How far one track may lag behind in the file before it counts as silent there: ten times the usual interleaving."""

SEGMENT_MS = 2_000
"""Length that a segment aims at: what a crash can lose at most, and the grain in which damage is located."""

GAP_FRAMES_PERMILLE = 1_500
"""Missing picture that is declared as a gap, in thousandths of a frame: more than one whole frame, half a frame of jitter apart."""

GAP_AUDIO_MS = 100
"""Missing sound that is declared as a gap: a syllable lasts 150 to 250 ms."""

GAP_EDGE_MS = 500
"""A track that starts later or stops earlier than the session by more is declared; phones and browsers differ by less."""

GAP_LIVE_PICTURE_MS = 500
"""A live picture that stands still for longer is declared: browsers send 5 to 30 frames a second as light and network allow, never 1."""

LIVE_LAG_MS = 700
"""How long a live segment waits for late packets before it is cut: a retransmission at 150 ms of round trip, twice over."""

LIVE_LAG_MS_MAX = 4_000
"""The same on a network that has become slow: beyond, the session is further behind than anybody would talk."""

LIVE_PENDING_BYTES_MAX = 64 * 1024 * 1024
"""Sealed segments of one case that wait in memory when neither desk nor spool takes them: four minutes of two 720p cameras."""

GAPS_MAX = 100_000
"""Gaps of one recording: beyond, it is no recording of anything."""

# --- phrases and verdicts ----------------------------------------------------------------------------------------
SPEECH_TOKENS_MAX = 2_000_000
"""Heard tokens of one case: five days of uninterrupted speech at five syllables a second."""

PHRASE_TOKENS_MAX = 120
"""Tokens of one phrase variant or expression: half a minute of reading aloud; longer ones are written as several phrases."""

PHRASE_VARIANTS_MAX = 20_000
"""Variants of all phrases of a plan, and entries of a language's lists: fifty times our largest plan."""

NEAR_PAIRS_MAX = 200
"""Pairs of sounds that a language exchanges: ours have about twenty."""

SPOT_CELLS_MAX = 200_000_000
"""Comparisons in the search for phrases, a minute or two of one core: an honest hour of speech and 100 phrases needs 1 % of it."""

# --- scripts ------------------------------------------------------------------------------------------------------
SCRIPT_BYTES_MAX = 1024 * 1024
"""One script: a hundred steps with their texts in two languages are a tenth of it."""

SCRIPT_STEPS_MAX = 100
"""Steps of a script: our longest has about twenty; a talk of a hundred steps is several talks."""

SCRIPT_TEXT_MAX = 1_000
"""Characters of one sentence, title or notice of a script: three minutes of reading aloud."""

# --- time and witnesses -------------------------------------------------------------------------------------------
STAMP_BYTES_MAX = 64 * 1024
"""One time-stamp token: with a chain of three certificates and RSA-4096 about 8 KiB."""

STAMP_CERTIFICATES_MAX = 16
"""Certificates in one token: chains have two to four."""

X509_BYTES_MAX = 16 * 1024
"""One certificate of an authority: 1 to 2 KiB."""

ANCHORS_MAX = 64
"""Checkpoints with tokens or cosignatures that a package carries: we write at most four."""

ANCHOR_FILE_BYTES_MAX = 256 * 1024
"""A file of an anchor in a certificate of destruction: an authority's certificates are the longest, of a few KiB."""

CERTIFICATE_ANCHOR_FILES_MAX = 256
"""Files of anchors in it: a checkpoint, a token and the certificates of each of sixty-four authorities, and more."""

# --- custody ------------------------------------------------------------------------------------------------------
CERTIFICATE_EVENTS_MAX = 2_000
"""Entries of the custody chain in a certificate of destruction: forty holds and their lifts, and refusals of years."""

CERTIFICATE_CASE_EVENTS_MAX = 100_000
"""Events of the case in it: two days of recording without a break."""

CERTIFICATE_STATEMENTS_MAX = 100
"""Days that were stated for one case: each is an event and a sealed document of its certificate."""

CERTIFICATE_BYTES_MAX = 128 * 1024 * 1024
"""A certificate of destruction: both chains at their longest, and proofs of forty hashes."""
