"""Who signs for a home, by its settings: checkpoints and packages, each with an Ed25519 key and, where it is named, an SM2 key beside it.

The keys themselves are in `signer` and `sm2_signer`.
"""

from __future__ import annotations

from pathlib import Path

from jianlu.core.formats.note import VerifierKey
from jianlu.core.formats.sm2_note import Sm2Key
from jianlu.ledger.ports import Signer
from jianlu.ledger.signer import create_signer_key, load_signer
from jianlu.ledger.sm2_signer import TwoSigners, create_sm2_key, load_sm2_signer
from jianlu.runtime.settings import Settings


def create_signers(home: Path, settings: Settings) -> tuple[VerifierKey, VerifierKey]:
    """Make every signing key of a new home; the Ed25519 keys of ledger and packages. Raises as `create_signer_key` and `create_sm2_key`."""
    ledger = create_signer_key(home / settings.ledger.signing_key, settings.ledger.origin)
    package = create_signer_key(home / settings.package.signing_key, settings.package.signer)
    for name, file in _named(settings):
        create_sm2_key(home / file, name)
    return ledger, package


def ledger_signer(home: Path, settings: Settings) -> Signer:
    """Who signs checkpoints. Raises as `load_signer` and `load_sm2_signer`."""
    return _signer(home, settings.ledger.signing_key, settings.ledger.sm2_key)


def package_signer(home: Path, settings: Settings) -> Signer:
    """Who signs packages; raises as `ledger_signer`."""
    return _signer(home, settings.package.signing_key, settings.package.sm2_key)


def sm2_keys(home: Path, settings: Settings) -> tuple[Sm2Key, ...]:
    """The SM2 keys of the home, to be trusted; none where the settings name none. Raises as `load_sm2_signer`."""
    return tuple(load_sm2_signer(home / file, name).key for name, file in _named(settings))


def _named(settings: Settings) -> list[tuple[str, str]]:
    both = [(settings.ledger.origin, settings.ledger.sm2_key), (settings.package.signer, settings.package.sm2_key)]
    return [(name, file) for name, file in both if file]


def _signer(home: Path, key: Path, sm2_key: str) -> Signer:
    first = load_signer(home / key)
    return TwoSigners(first, load_sm2_signer(home / sm2_key, first.key.name)) if sm2_key else first
