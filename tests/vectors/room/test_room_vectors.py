"""What browser and recorder derive from a room's secret, against the published vectors; the browser's half: `web/test/roomkey.test.ts`."""

from __future__ import annotations

import base64
import json

import pytest

from jianlu.capture.recording.live.room_key import MemberKey
from jianlu.core.errors import DeniedError, InvalidError
from tests.vectors.room.write_vectors import CASE, SECRET, VECTORS, vectors

PUBLISHED = json.loads(VECTORS.read_text(encoding="ascii"))
PRIVATE = bytes.fromhex(PUBLISHED["member"]["private_key"])
WRAPPED = [base64.urlsafe_b64decode(each + "=" * (-len(each) % 4)) for each in PUBLISHED["member"]["wrapped"]]


def test_ids_keys_proof_and_code_are_the_published_ones() -> None:
    made = vectors(PRIVATE)
    made["member"]["wrapped"] = PUBLISHED["member"]["wrapped"]
    assert made == PUBLISHED


@pytest.mark.parametrize("wrapped", WRAPPED, ids=["by the recorder's library", "by the browser's code"])
def test_what_either_half_wrapped_opens_for_its_member_and_case_alone(wrapped: bytes) -> None:
    assert MemberKey(PRIVATE, "a").unwrap(wrapped, CASE) == SECRET
    altered = wrapped[:40] + bytes([wrapped[40] ^ 1]) + wrapped[41:]
    for key, case, content in ((MemberKey(PRIVATE, "b"), CASE, wrapped), (MemberKey(bytes(32), "a"), CASE, wrapped)):
        with pytest.raises(DeniedError):
            key.unwrap(content, case)
    for case, content in (("c" + "zz" * 13, wrapped), (CASE, altered)):
        with pytest.raises(DeniedError):
            MemberKey(PRIVATE, "a").unwrap(content, case)
    with pytest.raises(InvalidError):
        MemberKey(PRIVATE, "a").unwrap(wrapped[:-1], CASE)
