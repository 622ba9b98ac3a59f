"""A PKCS#11 token gone, locked, asked with a wrong PIN, rotated: each says what to do next, and the key never comes out."""

from __future__ import annotations

from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, MechanismFlag

from jianlu.backends.keys.pkcs11 import Pkcs11Keys
from jianlu.backends.keys.pkcs11_token import Token
from jianlu.core.errors import DeniedError, IntegrityError, NotFoundError, UnavailableError
from tests.fakes.vault.openbao import write_secret
from tests.fakes.vault.softhsm import PIN, SoftHsm

pytestmark = pytest.mark.needs_program("softhsm2-util")


def test_a_token_that_was_taken_away_is_unavailable_and_logged_in_to_again_once_it_is_back(
    softhsm: SoftHsm, tmp_path: Path
) -> None:
    keys = softhsm.keys(tmp_path)
    wrapped = keys.wrap(bytes(32), b"c")
    with softhsm.unplugged():
        with pytest.raises(UnavailableError, match="token"):
            keys.unwrap(wrapped, b"c")
        with pytest.raises(UnavailableError, match="token"):
            keys.wrap(bytes(32), b"c")
    assert keys.unwrap(wrapped, b"c") == bytes(32)


def test_another_keeper_of_the_process_goes_on_after_the_module_was_started_anew(softhsm: SoftHsm, tmp_path: Path) -> None:
    first = softhsm.keys(tmp_path)
    wrapped = first.wrap(b"k", b"c")
    second = softhsm.keys(tmp_path)  # its token is new: the module is started anew to see it
    assert first.unwrap(wrapped, b"c") == b"k"
    assert second.unwrap(second.wrap(b"k", b"c"), b"c") == b"k"


def test_a_wrong_pin_is_denied_and_not_tried_until_the_token_locks(softhsm: SoftHsm, tmp_path: Path) -> None:
    token = softhsm.make_token()
    softhsm.keys(tmp_path, token, "jianlu-pin")
    pkcs11.lib(str(softhsm.module)).reinitialize()
    pin = write_secret(tmp_path / "pin", "999999")
    keys = Pkcs11Keys(Token(softhsm.module, token, pin), "jianlu-pin")
    with pytest.raises(DeniedError, match="refuses the PIN"):
        keys.check()
    for _ in range(20):
        with pytest.raises(DeniedError, match="not tried again"):
            keys.wrap(bytes(32), b"c")
    pin.write_text(PIN)
    keys.check()


def test_a_pin_that_others_can_read_is_not_used(softhsm: SoftHsm, tmp_path: Path) -> None:
    pin = write_secret(tmp_path / "pin", PIN)
    pin.chmod(0o644)
    with pytest.raises(DeniedError, match="chmod 600"):
        Pkcs11Keys(Token(softhsm.module, softhsm.make_token(), pin), "k").check()


def test_a_module_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    pin = write_secret(tmp_path / "pin", PIN)
    with pytest.raises(UnavailableError, match="module"):
        Pkcs11Keys(Token(tmp_path / "none.so", "t", pin), "k").check()


def test_a_key_that_is_not_there_is_not_found_and_one_that_could_be_read_out_is_refused(softhsm: SoftHsm, tmp_path: Path) -> None:
    token = softhsm.make_token()
    softhsm.keys(tmp_path, token)
    with pytest.raises(NotFoundError, match="no key"):
        Pkcs11Keys(Token(softhsm.module, token, write_secret(tmp_path / "pin", PIN)), "absent").check()
    session = pkcs11.lib(str(softhsm.module)).get_token(token_label=token).open(rw=True)
    session.generate_key(
        KeyType.AES,
        256,
        id=(1).to_bytes(4, "big"),
        label="jianlu-open",
        store=True,
        capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
        template={Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False},
    )
    with pytest.raises(DeniedError, match="read out"):
        softhsm.keys(tmp_path, token, "jianlu-open")


def test_the_key_does_not_come_out_of_the_token(softhsm: SoftHsm, tmp_path: Path) -> None:
    token = softhsm.make_token()
    softhsm.keys(tmp_path, token, "jianlu-inside")
    session = pkcs11.lib(str(softhsm.module)).get_token(token_label=token).open()
    (key,) = session.get_objects({Attribute.LABEL: "jianlu-inside"})
    with pytest.raises(pkcs11.PKCS11Error):
        key[Attribute.VALUE]


def test_a_disabled_version_opens_nothing_and_other_keepers_wrap_with_the_new_one(softhsm: SoftHsm, tmp_path: Path) -> None:
    token = softhsm.make_token()
    keys, other = (softhsm.keys(tmp_path, token, "jianlu-turned") for _ in range(2))
    described, old = keys.describe(), other.wrap(b"k", b"c")
    assert keys.rotate() == 2
    new = other.wrap(b"k", b"c")
    assert (keys.version_of(old), keys.version_of(new)) == (1, 2)
    assert keys.unwrap(old, b"c") == b"k"
    keys.disable_before(2)
    for each in (keys, other):
        with pytest.raises(IntegrityError, match="disabled"):
            each.unwrap(old, b"c")
        assert each.unwrap(new, b"c") == b"k"
    assert keys.describe() == described
