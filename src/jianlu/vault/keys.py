"""The key tree, root > tenant > shred unit > object: `specs/keys.md`, version 1.

Every key is 32 random bytes, stored only as a wrapped-key record in the key store, bound to its place by its context. A
tenant key is wrapped by the root through the `Keys` port, a unit key by the tenant's, an object key by the unit's, in the suite
that the record says. One key never serves two purposes: each use has its own HKDF-Expand label. Destroying a unit's records is `shred`.
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SM3
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from jianlu.core.errors import ConflictError, IntegrityError, InvalidError, NotFoundError, UnavailableError
from jianlu.core.formats.canonical import canonical_bytes, parse_canonical
from jianlu.core.formats.segment import SM4_KEY_BYTES, Sm4Gcm
from jianlu.core.terms.digests import SALT_BYTES
from jianlu.core.terms.events import EventType
from jianlu.core.terms.handling import ENDING_PARTS, kind_of
from jianlu.core.terms.ids import CaseRef, TenantId, derive_case_ref, tenant_id
from jianlu.core.terms.suites import Suite
from jianlu.runtime.database import transaction
from jianlu.runtime.rewrapping import WrappedRecord
from jianlu.vault import _records
from jianlu.vault._checked import checked
from jianlu.vault.index import parse_entry
from jianlu.vault.model import Place, check_unit
from jianlu.vault.ports import Blobs, KeysDescription, VaultPorts

KEY_BYTES = 32
RECORD_FORMAT = "jianlu/wrapped-key/v1"
SHREDDED_FORMAT = "jianlu/shredded/v1"
_RECORD_BYTES_MAX = 4096
_NONCE_BYTES = 12
_WRAPPING, _UNIT_WRAPPING, _SECRET = b"jianlu/tenant-wrapping@v1", b"jianlu/unit-wrapping@v1", b"jianlu/tenant-secret@v1"
_SUITES = {suite.wrapping: suite for suite in Suite}
_REWRAPPED = "tenant.keys"
"""The folder of a tenant key's later records; no shred unit has a dot in its name."""

_LOOKS = 3
_FIELDS = {"format", "suite", "context", "wrapped_by", "nonce", "wrapped"}
_HEX = re.compile(r"^(?:[0-9a-f]{2})*$")
_UNIT_KEY = re.compile(r"/unit(?:\.r([0-9]{1,10}))?\.key$")
_TOMBSTONE = re.compile(r"/shredded(?:\.[a-z]+)?$")


class PartDestroyedError(ConflictError):
    """The object belongs to a part of the case that was destroyed before the case."""

    def __init__(self, part: str) -> None:
        super().__init__(
            f"the part {part} of this case was destroyed when its own time had ended: what is left of the case can be opened",
            code="part_destroyed",
        )


class UnitKey:
    """An opened shred unit's key: wraps object keys and derives the salts of the unit's commitments. Never stored, never shown.

    `search_key` seals what a search index keeps of the unit to show: it dies with the unit. `ended` are the parts of the unit whose
    destruction began: no object of theirs is opened, whatever records somebody put back.
    """

    def __init__(self, key: bytes, ended: frozenset[str] = frozenset()) -> None:
        self.ended = ended
        self._wrapping_keys = {suite: derive_wrapping_key(key, _UNIT_WRAPPING, suite) for suite in Suite}
        self._commitment_key = derive_key(key, b"jianlu/unit-commitment@v1")
        self.search_key = derive_key(key, b"jianlu/unit-search@v1")

    def salt(self, label: str) -> bytes:
        """The 32-byte salt of the commitment `label` (`<event n>/<field path>`); shredding the unit key destroys it."""
        return derive_key(self._commitment_key, b"jianlu/salt@v1\x00" + label.encode(), SALT_BYTES)

    def make_object_key(self, place: Place, suite: Suite = Suite.INTERNATIONAL) -> tuple[bytes, bytes]:
        """A fresh key for the object at `place` and its wrapped record, which the caller stores under `place.key_name`."""
        key = secrets.token_bytes(KEY_BYTES)
        return key, wrap_key(key, self._wrapping_keys[suite], _object_context(place), suite=suite)

    def open_object_key(self, place: Place, key_blobs: Blobs) -> bytes:
        """The key of the object at `place`; errors as `open_sealing_key`."""
        return self.open_sealing_key(place, key_blobs)[0]

    def open_sealing_key(self, place: Place, key_blobs: Blobs) -> tuple[bytes, Suite]:
        """The key of the object at `place`, and the suite that the object must be in.

        NotFoundError when its record is gone (shredded), IntegrityError when it was altered; PartDestroyedError for an object of a part
        whose destruction began.
        """
        if (part := kind_of(place.object)) in self.ended:
            raise PartDestroyedError(part)
        record, context = _read(key_blobs, place.key_name), _object_context(place)
        suite = suite_of_record(record, context)
        return unwrap_key(record, self._wrapping_keys[suite], context, suite=suite), suite


def derive_key(key: bytes, label: bytes, length: int = KEY_BYTES) -> bytes:
    """HKDF-Expand-SHA-256 (RFC 5869) of a uniformly random `key` for the one purpose that `label` names."""
    return HKDFExpand(SHA256(), length, label).derive(key)


def derive_wrapping_key(key: bytes, label: bytes, suite: Suite) -> bytes:
    """The key by which a uniformly random `key` wraps others in `suite`: as `derive_key`, or 16 bytes by HKDF-Expand-SM3."""
    if suite is Suite.INTERNATIONAL:
        return derive_key(key, label)
    return HKDFExpand(SM3(), SM4_KEY_BYTES, label + b"+SM4-GCM").derive(key)


def key_id(key: bytes, suite: Suite = Suite.INTERNATIONAL) -> str:
    """The public name of a key in records: 16 hexadecimal characters that reveal nothing of it."""
    return HKDFExpand(SHA256() if suite is Suite.INTERNATIONAL else SM3(), 8, b"jianlu/key-id@v1").derive(key).hex()


def tenant_secret(using: VaultPorts, tenant: TenantId) -> bytes:
    """The tenant's secret for `derive_case_ref`, stable for the life of the tenant key, which is made if it is not there yet."""
    return derive_key(_tenant_key(using, tenant), _SECRET)


def tenant_search_key(using: VaultPorts, tenant: TenantId) -> bytes:
    """The key under which the tenant's search index stands; made as `tenant_secret`."""
    return derive_key(_tenant_key(using, tenant), b"jianlu/tenant-search@v1")


def create_unit_key(using: VaultPorts, tenant: TenantId, unit: str) -> UnitKey:
    """The key of a shred unit, made and durable if it is not there yet; ConflictError when the unit was shredded."""
    try:
        return open_unit_key(using, tenant, unit)
    except NotFoundError:
        if is_shredded(using, tenant, unit):
            raise ConflictError("the shred unit was destroyed: begin a new case under a new reference") from None
    context = _unit_context(tenant, unit)
    wrapping_key = derive_wrapping_key(_tenant_key(using, tenant), _WRAPPING, using.suite)
    record = wrap_key(secrets.token_bytes(KEY_BYTES), wrapping_key, context, suite=using.suite)
    with suppress(ConflictError):  # another process made it in between: that one counts
        checked(using.key_blobs).put(unit_key_name(tenant, unit), [record])
    return open_unit_key(using, tenant, unit)


def open_unit_key(using: VaultPorts, tenant: TenantId, unit: str) -> UnitKey:
    """The key of a shred unit; NotFoundError when there is none (never made, or shredded), IntegrityError when its record was altered.

    ConflictError when the ledger says that its destruction began, whatever keys somebody put back.
    """
    record = _unit_record(using.key_blobs, tenant, unit)
    tenant_key = _tenant_key(using, tenant)
    ended = _require_not_given_up(using, tenant, custody_chain(derive_key(tenant_key, _SECRET), unit))
    return UnitKey(_unwrapped_unit(record, tenant_key, _unit_context(tenant, unit)), ended)


def rewrap_unit_key(using: VaultPorts, tenant: TenantId, unit: str) -> None:
    """Have the newest record of the unit's key in the suite of the home, durable, read back and of the same key as the oldest.

    The key, and with it every salt, stays the same. Older records stay until `drop_older_unit_records`. Errors as `open_unit_key`;
    ConflictError, and nothing is left, when the unit was shredded meanwhile.
    """
    open_unit_key(using, tenant, unit)
    names, context, tenant_key = (
        unit_key_names(using.key_blobs, tenant, unit),
        _unit_context(tenant, unit),
        _tenant_key(using, tenant),
    )
    oldest, name = _unwrapped_unit(_read(using.key_blobs, names[0]), tenant_key, context), names[-1]
    if suite_of_record(_read(using.key_blobs, name), context) is not using.suite:
        made = wrap_key(oldest, derive_wrapping_key(tenant_key, _WRAPPING, using.suite), context, suite=using.suite)
        name = f"{tenant}/{unit}/unit.r{1 + _rank(name)}.key"
        checked(using.key_blobs).put(name, [made])
        if is_shredded(using, tenant, unit):
            checked(using.key_blobs).delete(name)
            raise ConflictError("the shred unit was destroyed meanwhile: nothing of it is sealed anew")
    if _unwrapped_unit(_read(using.key_blobs, name), tenant_key, context) != oldest:
        raise IntegrityError("the key store does not return what is put there: take it out of service, and look at it")


def drop_older_unit_records(key_blobs: Blobs, tenant: TenantId, unit: str) -> None:
    """Erase every record of the unit's key but the newest; durable on return."""
    for name in unit_key_names(key_blobs, tenant, unit)[:-1]:
        checked(key_blobs).delete(name)


def unit_key_names(key_blobs: Blobs, tenant: TenantId, unit: str) -> list[str]:
    """The blob names of the unit's wrapped key, the newest last: the one made at first, then one for each time it was wrapped anew."""
    found = checked(key_blobs).names(f"{tenant_id(tenant)}/{check_unit(unit)}/unit.")
    return sorted((name for name in found if is_unit_key(name)), key=_rank)


def is_unit_key(name: str) -> bool:
    """Whether a name of the key store is that of a unit's own key."""
    return _UNIT_KEY.search(name) is not None


def _rank(name: str) -> int:
    found = _UNIT_KEY.search(name)
    return int(found[1] or 0) if found else 0


def _unit_record(key_blobs: Blobs, tenant: TenantId, unit: str) -> bytes:
    """Any record of the unit's key: all hold the same. A newer one is put before older ones go, so whoever meets a gap looks again."""
    name = unit_key_name(tenant, unit)
    for _ in range(_LOOKS):
        try:
            return _read(key_blobs, name)
        except NotFoundError:
            names = unit_key_names(key_blobs, tenant, unit)
            if not names:
                raise
            name = names[-1]
    return _read(key_blobs, name)


def _unwrapped_unit(record: bytes, tenant_key: bytes, context: str) -> bytes:
    suite = suite_of_record(record, context)
    return unwrap_key(record, derive_wrapping_key(tenant_key, _WRAPPING, suite), context, suite=suite)


def is_shredded(using: VaultPorts, tenant: TenantId, unit: str) -> bool:
    """Whether the unit's destruction was begun: from then on its keys count as gone, even if a crash left some."""
    return checked(using.key_blobs).exists(tombstone_name(tenant, unit))


def is_part_shredded(using: VaultPorts, tenant: TenantId, unit: str, part: str) -> bool:
    """Whether the destruction of that part of the unit was begun: its objects count as gone, even if a crash left some."""
    return part in ENDING_PARTS and checked(using.key_blobs).exists(part_tombstone_name(tenant, unit, part))


def shredded_parts(using: VaultPorts, tenant: TenantId, unit: str) -> frozenset[str]:
    """The parts of the unit whose destruction was begun."""
    beginning = f"{tombstone_name(tenant, unit)}."
    return frozenset(name.removeprefix(beginning) for name in checked(using.key_blobs).names(beginning))


def is_gone(using: VaultPorts, place: Place) -> bool:
    """Whether the object at `place` counts as destroyed: its unit is, or the part of it that the object belongs to."""
    part = kind_of(place.object)
    return is_shredded(using, place.tenant, place.unit) or is_part_shredded(using, place.tenant, place.unit, part)


def custody_chain(tenant_secret: bytes, case: str) -> CaseRef:
    """The reference of the case's custody chain; no case number has a slash, so no case has it."""
    return derive_case_ref(tenant_secret, f"custody/case/{case}")


def unit_key_name(tenant: TenantId, unit: str) -> str:
    """The blob name of a unit's wrapped key, as it was made at first."""
    return f"{tenant_id(tenant)}/{check_unit(unit)}/unit.key"


def tombstone_name(tenant: TenantId, unit: str) -> str:
    """The blob name of the mark that a unit was shredded."""
    return f"{tenant_id(tenant)}/{check_unit(unit)}/shredded"


def part_tombstone_name(tenant: TenantId, unit: str, part: str) -> str:
    """The blob name of the mark that this part of a unit was shredded."""
    return f"{tombstone_name(tenant, unit)}.{part}"


def is_tombstone(name: str) -> bool:
    """Whether a name of the key store is that of a mark of destruction, of a unit or of a part."""
    return _TOMBSTONE.search(name) is not None


def wrap_key(key: bytes, wrapping_key: bytes, context: str, *, suite: Suite = Suite.INTERNATIONAL) -> bytes:
    """The wrapped-key record of `key` under `wrapping_key`, with suite, context and wrapping key's id authenticated by the suite's AEAD."""
    head = _head(suite.wrapping, context, key_id(wrapping_key, suite))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    wrapped = cipher_of(wrapping_key, suite).encrypt(nonce, key, canonical_bytes(head))
    return canonical_bytes({**head, "nonce": nonce.hex(), "wrapped": wrapped.hex()})


def suite_of_record(record: bytes, context: str) -> Suite:
    """The suite that a wrapped-key record for `context` says, not authenticated yet; IntegrityError when it says none that is known."""
    suite = _SUITES.get(_parse(record, context)["suite"])
    if suite is None:
        raise IntegrityError(
            "a wrapped key is of an unknown suite: use a newer version, or restore the key store from its replica"
        )
    return suite


def cipher_of(key: bytes, suite: Suite) -> AESGCM | Sm4Gcm:
    """The AEAD of `suite` with its `key`, of 32 or 16 bytes."""
    return AESGCM(key) if suite is Suite.INTERNATIONAL else Sm4Gcm(key)


def unwrap_key(record: bytes, wrapping_key: bytes, context: str, *, suite: Suite = Suite.INTERNATIONAL) -> bytes:
    """The key in a record made by `wrap_key` for the same context and suite; IntegrityError for any other record, place or key."""
    fields = _parse(record, context)
    is_ours = (fields["suite"], fields["wrapped_by"]) == (suite.wrapping, key_id(wrapping_key, suite))
    if not is_ours or len(fields["nonce"]) != 2 * _NONCE_BYTES:
        raise IntegrityError("a wrapped key was made with another key or suite: restore the key store from its replica")
    head = _head(fields["suite"], context, fields["wrapped_by"])
    try:
        key = cipher_of(wrapping_key, suite).decrypt(
            bytes.fromhex(fields["nonce"]), bytes.fromhex(fields["wrapped"]), canonical_bytes(head)
        )
    except InvalidTag as error:
        raise IntegrityError("a wrapped key was altered: restore the key store from its replica") from error
    return _whole(key)


def _require_not_given_up(using: VaultPorts, tenant: TenantId, chain: CaseRef) -> frozenset[str]:
    """The parts that were given up, where the whole was not. By the index, which is fast, and the entries that it names.

    With a backup of the keys the mark may have gone. `burial.py` asks the ledger and buries again.
    """
    kinds = (EventType.DESTRUCTION_STARTED.value, EventType.PART_DESTRUCTION_STARTED.value)
    try:
        with transaction(using.index, writes=False) as connection:
            begun = _records.events_of_kinds(connection, tenant, chain, kinds)
    except UnavailableError:
        return frozenset()  # evidence goes on without its index; the mark still counts
    if any(row.type == EventType.DESTRUCTION_STARTED.value for row in begun):
        raise ConflictError("the case is destroyed, or is being destroyed: what it sealed cannot be opened any more")
    return frozenset(_part_of(using, row.position) for row in begun)


def _part_of(using: VaultPorts, position: int) -> str:
    for entry in using.ledger.read(position, 1):
        return str(parse_entry(entry, position).body.get("part", ""))
    raise IntegrityError(f"the ledger does not return entry {position}: run `jianlu ledger fsck`")


def _tenant_key(using: VaultPorts, tenant: TenantId) -> bytes:
    record = _newest_tenant_record(using, tenant)
    if record is None:
        _create_tenant_key(using, tenant)
        record = _newest_tenant_record(using, tenant)
    fields = _parse(record or b"", f"tenant/{tenant}")
    head = _head(fields["suite"], fields["context"], fields["wrapped_by"])
    if fields["wrapped_by"] != using.keys.describe().key_id:
        raise IntegrityError(
            "the tenant's key was wrapped by another root key: configure the root key that this home was made with, "
            "or run `jianlu keys move` again if it was interrupted"
        )
    return _whole(using.keys.unwrap(bytes.fromhex(fields["wrapped"]), canonical_bytes(head)))


def tenant_records(key_blobs: Blobs, tenant: TenantId) -> list[str]:
    """The names of the tenant key's records, the newest last: the one made at first, then one for each time it was wrapped anew."""
    kept = checked(key_blobs)
    first = f"{tenant_id(tenant)}/tenant.key"
    return [*([first] if kept.exists(first) else []), *kept.names(f"{tenant}/{_REWRAPPED}/")]


def tenant_key_record(key_blobs: Blobs, tenant: TenantId, described: KeysDescription) -> WrappedRecord | None:
    """The newest record of the tenant's key, to be wrapped anew by the keeper that is `described`; None when the tenant has no key yet.

    The new one lies beside the old ones and counts from then on; `drop_older_tenant_records` takes those away.
    IntegrityError when it is damaged.
    """
    names = tenant_records(key_blobs, tenant)
    if not names:
        return None
    fields = _parse(_read(key_blobs, names[-1]), f"tenant/{tenant}")
    number = 2 if names[-1].endswith("/tenant.key") else int(names[-1].rpartition("/")[2].removesuffix(".key")) + 1
    head = _head(f"{described.name}/{described.version}", fields["context"], described.key_id)

    def replace(wrapped: bytes) -> None:
        record = canonical_bytes({**head, "nonce": "", "wrapped": wrapped.hex()})
        checked(key_blobs).put(f"{tenant}/{_REWRAPPED}/{number:08d}.key", [record])

    context = canonical_bytes(_head(fields["suite"], fields["context"], fields["wrapped_by"]))
    return WrappedRecord("tenant key", bytes.fromhex(fields["wrapped"]), context, replace, canonical_bytes(head))


def drop_older_tenant_records(key_blobs: Blobs, tenant: TenantId) -> None:
    """Erase every record of the tenant's key but the newest; durable on return."""
    for name in tenant_records(key_blobs, tenant)[:-1]:
        checked(key_blobs).delete(name)


def _newest_tenant_record(using: VaultPorts, tenant: TenantId) -> bytes | None:
    """A newer one is put before older ones go: whoever finds none where one was listed looks again, and never makes another key."""
    kept = checked(using.key_blobs)
    for _ in range(_LOOKS):
        try:
            newest = max(kept.names(f"{tenant_id(tenant)}/{_REWRAPPED}/"), default=f"{tenant}/tenant.key")
            return _read(kept, newest)
        except NotFoundError:
            continue
    return None


def _create_tenant_key(using: VaultPorts, tenant: TenantId) -> None:
    described = using.keys.describe()
    head = _head(f"{described.name}/{described.version}", f"tenant/{tenant}", described.key_id)
    wrapped = using.keys.wrap(secrets.token_bytes(KEY_BYTES), canonical_bytes(head))
    with suppress(ConflictError):  # another process made it in between: that one counts
        record = canonical_bytes({**head, "nonce": "", "wrapped": wrapped.hex()})
        checked(using.key_blobs).put(f"{tenant}/tenant.key", [record])


def _head(suite: str, context: str, wrapped_by: str) -> dict[str, str]:
    return {"format": RECORD_FORMAT, "suite": suite, "context": context, "wrapped_by": wrapped_by}


def _parse(record: bytes, context: str) -> dict[str, Any]:
    try:
        fields = parse_canonical(record, bytes_max=_RECORD_BYTES_MAX)
    except InvalidError as error:
        raise IntegrityError("a wrapped-key record is damaged: restore the key store from its replica") from error
    if not isinstance(fields, dict) or set(fields) != _FIELDS or not all(isinstance(value, str) for value in fields.values()):
        raise IntegrityError("a wrapped-key record is malformed: restore the key store from its replica")
    if fields["format"] != RECORD_FORMAT or fields["context"] != context or not fields["wrapped_by"].isascii():
        raise IntegrityError("a wrapped key belongs to another place or version: look for a swapped key record")
    if not _HEX.fullmatch(fields["nonce"]) or not _HEX.fullmatch(fields["wrapped"]):
        raise IntegrityError("a wrapped-key record is malformed: restore the key store from its replica")
    return fields


def _read(key_blobs: Blobs, name: str) -> bytes:
    return checked(key_blobs).get(name, 0, _RECORD_BYTES_MAX + 1)


def _whole(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise IntegrityError("a wrapped key has the wrong length: restore the key store from its replica")
    return key


def _unit_context(tenant: TenantId, unit: str) -> str:
    return f"unit/{tenant}/{check_unit(unit)}"


def _object_context(place: Place) -> str:
    return f"object/{place.tenant}/{check_unit(place.unit)}/{place.object}/{place.version_text}"
