"""Changing the root key: a new version in its keeper while the service runs, or another keeper while nothing runs.

Everything under the root is wrapped anew; unit keys, object keys and media are not touched. Either may be killed at any step: the same call
again goes on. The older version is disabled, or the older keeper done without, only when nothing lies under it any more.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

from jianlu.core.errors import ConflictError, IntegrityError, UnavailableError
from jianlu.core.terms.ids import tenant_id
from jianlu.deliver.webhooks.rewrapping import webhook_records
from jianlu.govern.identity.rewrapping import identity_records
from jianlu.runtime.key_settings import read_key_settings
from jianlu.runtime.rewrapping import Rewrapped, WrappedRecord, rewrap
from jianlu.vault.keys import drop_older_tenant_records, tenant_key_record
from jianlu.vault.ports import Keys, KeysDescription, KeyVersions
from jianlu.vault.root import Root
from jianlu.wiring import RECORDER_NAMES, open_home, open_root

_LOOKS_MAX = 5


def root_records(root: Root, described: KeysDescription) -> Iterator[WrappedRecord]:
    """Everything that is wrapped under the root key, to be wrapped anew by the keeper that is `described`; the tenant's key first."""
    tenant = tenant_id(root.settings.tenant.id)
    if (record := tenant_key_record(root.key_blobs, tenant, described)) is not None:
        yield record
    yield from identity_records(root.database, tenant)
    yield from webhook_records(root.database, tenant)
    yield from root.recorder_records()


def rotate(path: Path) -> Rewrapped:
    """A new version of the root key of the home at `path`; the service may run. Goes on with a rotation that was not finished.

    What recorders hold of cases in progress stays under the older version, which a later call disables. Nothing is disabled when it raises:
    ConflictError when the keeper has no versions, UnavailableError or DeniedError from it, IntegrityError when something does not open.
    """
    with open_root(path) as root:
        keys = root.keys
        if not isinstance(keys, KeyVersions):
            raise ConflictError("a root key in a file has no versions: move to another one with `jianlu keys move`")
        if keys.oldest_version() == keys.newest_version():
            keys.rotate()
        newest = keys.newest_version()
        done: dict[str, int] = {}
        for _ in range(_LOOKS_MAX):
            old = [each for each in root_records(root, keys.describe()) if keys.version_of(each.wrapped) != newest]
            found = rewrap(old, root.keys, root.keys, lambda _: False, is_quiet=False)
            done = {kind: done.get(kind, 0) + found.done.get(kind, 0) for kind in {*done, *found.done}}
            if not found.done:  # nothing came in meanwhile
                break
        else:
            raise UnavailableError("records under the older version come in all the time: run this again in a quieter hour")
        if not found.held:
            drop_older_tenant_records(root.key_blobs, tenant_id(root.settings.tenant.id))
            keys.disable_before(newest)
        return Rewrapped(done, found.held)


def move(path: Path, to: Path) -> Rewrapped:
    """The root key of the home at `path` is from now on the one of the keeper whose table `[keys]` is in the file `to`.

    Nothing else may run. ConflictError when something does; otherwise as `rotate`. The key of the older keeper is its owner's to destroy.
    """
    with open_home(path) as home, open_root(path) as root:  # the ledger's lock keeps the service away
        _require_silence(path)
        name = hashlib.sha256(f"{root.settings.ledger.origin}/{root.keys.describe().key_id}".encode()).hexdigest()[:16]
        wanted = read_key_settings(to, key=f"jianlu-{name}")
        new = root.make_keeper(wanted)
        found = Rewrapped({}, {})
        if new.describe() != root.keys.describe():
            records = root_records(root, new.describe())
            found = rewrap(records, root.keys, new, lambda record: _opens(new, record), is_quiet=True)
            left = [each.kind for each in root_records(root, new.describe()) if not _opens(new, each)]
            if left:
                raise IntegrityError(f"what was wrapped anew does not open ({left[0]}): have the new keeper looked at")
            root.settle(wanted)
        drop_older_tenant_records(root.key_blobs, tenant_id(home.settings.tenant.id))
        return found


def _opens(keys: Keys, record: WrappedRecord) -> bool:
    try:
        keys.unwrap(record.wrapped, record.context if record.next_context is None else record.next_context)
    except IntegrityError:
        return False
    return True


def _require_silence(path: Path) -> None:
    for name in RECORDER_NAMES:
        with socket.socket(socket.AF_UNIX) as asked:
            if asked.connect_ex(str(path / "run" / f"recorder-{name}.sock")) == 0:
                raise ConflictError("a recorder runs: stop every process of the home before its keeper is changed")
