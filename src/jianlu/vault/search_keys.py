"""Keys of the search index: one a block of postings, so that what is taken out of a block is gone with the block's old key.

Wrapped and stored as every key (`specs/keys.md`); no evidence hangs on them. What a block is, `deliver/search` knows.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Collection
from contextlib import suppress

from jianlu.core.errors import ConflictError
from jianlu.core.terms.ids import TenantId, tenant_id
from jianlu.vault._checked import checked
from jianlu.vault.keys import KEY_BYTES, derive_key, tenant_search_key, unwrap_key, wrap_key
from jianlu.vault.ports import VaultPorts

_RECORD_BYTES_MAX = 4096


class SearchKeys:
    """The keys of one tenant's search index, kept in memory once opened. Safe for threads."""

    def __init__(self, using: VaultPorts, tenant: TenantId) -> None:
        self._using = using
        self._tenant = tenant_id(tenant)
        self._opened: dict[int, bytes] = {}
        self._root = b""
        self._lock = threading.Lock()

    @property
    def bucket_key(self) -> bytes:
        """By which words are spread over buckets: secret, so that a bucket's number names no word."""
        return derive_key(self._search_key, b"jianlu/search-bucket@v1")

    def create(self, block: int) -> bytes:
        """The key of `block`, durable, made unless an earlier try made it."""
        record = wrap_key(secrets.token_bytes(KEY_BYTES), self._wrapping_key, self._context(block))
        with suppress(ConflictError):
            checked(self._using.key_blobs).put(self._name(block), [record])
        return self.open(block)

    def open(self, block: int) -> bytes:
        """The key of `block`; NotFoundError when it was destroyed, IntegrityError when its record was altered."""
        with self._lock:
            if block in self._opened:
                return self._opened[block]
        record = checked(self._using.key_blobs).get(self._name(block), 0, _RECORD_BYTES_MAX + 1)
        key = unwrap_key(record, self._wrapping_key, self._context(block))
        with self._lock:
            self._opened[block] = key
        return key

    def destroy(self, block: int) -> None:
        """Erase the key of `block`: its pages, wherever copies of them are, cannot be read any more."""
        with self._lock:
            self._opened.pop(block, None)
        checked(self._using.key_blobs).delete(self._name(block))

    def destroy_others(self, kept: Collection[int]) -> int:
        """Erase every block's key but those of `kept`, such as a crash leaves; returns how many."""
        names = {self._name(block) for block in kept}
        lost = [name for name in checked(self._using.key_blobs).names(f"{self._tenant}/search/") if name not in names]
        for name in lost:
            checked(self._using.key_blobs).delete(name)
        with self._lock:
            self._opened = {block: key for block, key in self._opened.items() if block in kept}
        return len(lost)

    @property
    def _search_key(self) -> bytes:
        if not self._root:
            self._root = tenant_search_key(self._using, self._tenant)
        return self._root

    @property
    def _wrapping_key(self) -> bytes:
        return derive_key(self._search_key, b"jianlu/search-wrapping@v1")

    def _context(self, block: int) -> str:
        return f"search/{self._tenant}/{block}"

    def _name(self, block: int) -> str:
        return f"{self._tenant}/search/b{block}.key"
