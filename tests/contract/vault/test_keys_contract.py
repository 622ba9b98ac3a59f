"""The contract of `vault.ports.Keys`, held by every keeper: a file, a PKCS#11 token, a real OpenBao."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jianlu.backends.keys.file import create_root_key, load_root_key
from jianlu.core.errors import IntegrityError, InvalidError
from jianlu.vault.ports import Keys
from tests.fakes.vault.memory import memory_keys
from tests.fakes.vault.openbao import BaoServer
from tests.fakes.vault.softhsm import SoftHsm


def _from_file(folder: Path) -> Keys:
    create_root_key(folder / "root.key")
    return load_root_key(folder / "root.key")


def _never_on_a_disk(folder: Path, request: pytest.FixtureRequest) -> Keys:
    return memory_keys()


def _in_openbao(folder: Path, request: pytest.FixtureRequest) -> Keys:
    server: BaoServer = request.getfixturevalue("openbao")
    return server.keys(folder)


def _in_a_token(folder: Path, request: pytest.FixtureRequest) -> Keys:
    module: SoftHsm = request.getfixturevalue("softhsm")
    return module.keys(folder)


MAKERS: dict[str, Callable[[Path, pytest.FixtureRequest], Keys]] = {
    "file": lambda folder, _: _from_file(folder),
    "never on a disk": _never_on_a_disk,
    "pkcs11": _in_a_token,
    "openbao": _in_openbao,
}


@pytest.fixture(params=MAKERS)
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> Keys:
    return MAKERS[request.param](tmp_path, request)


@pytest.mark.parametrize("key", [b"k", bytes(32), bytes(range(64))])
def test_a_wrapped_key_comes_back_in_its_context(keys: Keys, key: bytes) -> None:
    assert keys.unwrap(keys.wrap(key, b"tenant/a"), b"tenant/a") == key


def test_each_wrapping_is_fresh_and_hides_the_key(keys: Keys) -> None:
    key = bytes(range(32))
    first, second = keys.wrap(key, b"c"), keys.wrap(key, b"c")
    assert first != second
    assert key not in first


def test_another_context_does_not_unwrap(keys: Keys) -> None:
    with pytest.raises(IntegrityError):
        keys.unwrap(keys.wrap(bytes(32), b"tenant/a"), b"tenant/b")


def test_a_flipped_bit_anywhere_does_not_unwrap(keys: Keys) -> None:
    wrapped = keys.wrap(bytes(32), b"c")
    for place in range(len(wrapped)):
        altered = bytearray(wrapped)
        altered[place] ^= 1
        with pytest.raises(IntegrityError):
            keys.unwrap(bytes(altered), b"c")


def test_a_cut_wrapped_key_does_not_unwrap(keys: Keys) -> None:
    wrapped = keys.wrap(bytes(32), b"c")
    for length in range(len(wrapped)):
        with pytest.raises(IntegrityError):
            keys.unwrap(wrapped[:length], b"c")


@pytest.mark.parametrize("key", [b"", bytes(65)])
def test_only_keys_of_a_sensible_length_are_wrapped(keys: Keys, key: bytes) -> None:
    with pytest.raises(InvalidError):
        keys.wrap(key, b"c")


def test_the_description_names_the_root_key_without_showing_it(keys: Keys) -> None:
    described = keys.describe()
    assert described == keys.describe()
    assert len(described.key_id) == 16
    assert described.name
    assert described.version


def test_another_root_key_unwraps_nothing(keys: Keys, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    (tmp_path / "other").mkdir()
    ours = keys
    kind = request.node.callspec.params["keys"]
    theirs = MAKERS["file" if kind == "never on a disk" else kind](tmp_path / "other", request)
    assert ours.describe().key_id != theirs.describe().key_id
    with pytest.raises(IntegrityError):
        theirs.unwrap(ours.wrap(bytes(32), b"c"), b"c")


def test_many_threads_wrap_and_unwrap_at_once(keys: Keys) -> None:
    def there_and_back(number: int) -> bool:
        key, context = bytes([number]) * 32, f"tenant/{number}".encode()
        return keys.unwrap(keys.wrap(key, context), context) == key

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(there_and_back, range(64)))
