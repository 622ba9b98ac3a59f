"""The wrapper that stands before every blob store: it validates names, refuses short answers and turns stray errors into ours.

Digests are checked by the readers (`open`), who know what to expect; here a store that fails or lies about lengths is met.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from jianlu.core.errors import IntegrityError, InvalidError, UnavailableError
from jianlu.vault.blob_names import check_blob_name, folder_of_prefix
from jianlu.vault.ports import Blobs, Buffer, Ranged, SizedHeads, UnreadPuts

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def checked(blobs: Blobs) -> CheckedBlobs:
    """`blobs` behind the checks; wrapping twice changes nothing."""
    return blobs if isinstance(blobs, CheckedBlobs) else CheckedBlobs(blobs)


class CheckedBlobs:
    """A blob store whose every failure is one of our errors and whose every answer has the length it claims."""

    def __init__(self, inner: Blobs) -> None:
        self._inner = inner

    @property
    def is_far(self) -> bool:
        """Whether asking for two things at once saves time."""
        return isinstance(self._inner, SizedHeads) and self._inner.is_far

    def put(self, name: str, parts: Iterable[Buffer]) -> None:
        """As the port; UnavailableError on a full disk or a failing device, with nothing kept."""
        check_blob_name(name)
        with _our_errors():
            self._inner.put(name, parts)

    def put_unread(self, name: str, parts: Iterable[Buffer]) -> bool:
        """As `UnreadPuts`; a store that has no such way puts as ever, and does not say whether the name was free."""
        if not isinstance(self._inner, UnreadPuts):
            self.put(name, parts)
            return False
        check_blob_name(name)
        with _our_errors():
            return self._inner.put_unread(name, parts)

    def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        """As the port; IntegrityError when the store returns more than was asked for."""
        check_blob_name(name)
        if start < 0 or (length is not None and length < 0):
            raise InvalidError("a blob range begins at 0 or later and has no negative length")
        with _our_errors():
            content = self._inner.get(name, start, length)
        if length is not None and len(content) > length:
            raise IntegrityError("the blob store returned more bytes than were asked for: check the storage backend")
        return content

    def get_exactly(self, name: str, start: int, length: int) -> bytes:
        """Bytes [start, start+length), all of them; IntegrityError when the blob ends earlier."""
        content = self.get(name, start, length)
        if len(content) != length:
            raise IntegrityError("a stored object is shorter than it was when it was sealed: restore it from a replica")
        return content

    def head(self, name: str, length: int) -> tuple[bytes, int]:
        """The first `length` bytes, fewer where the blob ends earlier, and its whole length: in one request where the store can."""
        if isinstance(self._inner, SizedHeads):
            check_blob_name(name)
            with _our_errors():
                return self._inner.head(name, length)
        return self.get(name, 0, length), self.size(name)

    def ranged(self, name: str, start: int, length: int) -> Ranged:
        """As `SizedHeads`; where the store has no such way, the bytes alone. IntegrityError when it returns more than was asked for."""
        if not isinstance(self._inner, SizedHeads):
            return Ranged(self.get(name, start, length), b"", 0)
        check_blob_name(name)
        with _our_errors():
            found = self._inner.ranged(name, start, length)
        if len(found.content) > length:
            raise IntegrityError("the blob store returned more bytes than were asked for: check the storage backend")
        return found

    def size(self, name: str) -> int:
        """As the port."""
        check_blob_name(name)
        with _our_errors():
            return self._inner.size(name)

    def exists(self, name: str) -> bool:
        """As the port."""
        check_blob_name(name)
        with _our_errors():
            return self._inner.exists(name)

    def names(self, prefix: str = "") -> Iterator[str]:
        """As the port."""
        folder_of_prefix(prefix)
        with _our_errors():
            yield from self._inner.names(prefix)

    def delete(self, name: str) -> None:
        """As the port."""
        check_blob_name(name)
        with _our_errors():
            self._inner.delete(name)


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise UnavailableError("the store is full: free space or add some, then try again") from error
        reason = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise UnavailableError(f"the store failed ({reason}): check the device and its permissions, then try again") from error
