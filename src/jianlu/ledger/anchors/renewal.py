"""Renewal: tokens whose authority's certificates soon end are stamped again, as a list, while those still hold (`specs/time.md` section 4).

A list is a text that `sha256sum --check` reads in the ledger folder; one token covers all that stand on it, lists and tokens of earlier
renewals included.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from jianlu.core.errors import IntegrityError, InvalidError, JianluError
from jianlu.core.formats.anchor import AUTHORITY_NAME, STAMP_SUFFIX
from jianlu.core.formats.stamp import Stamp, check_stamp, parse_stamp
from jianlu.core.formats.x509 import Certificate, check_chain_to, parse_certificates
from jianlu.core.limits import STAMP_BYTES_MAX
from jianlu.core.terms.digests import digest_of
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text
from jianlu.ledger._folder import put_files, read_within
from jianlu.ledger.anchors.folder import ANCHORS, newest_first, read_chain
from jianlu.ledger.anchors.outbox import Complain, Outbox
from jianlu.ledger.ports import TimeAuthority
from jianlu.runtime.clock import Clock

RENEWALS, LIST = "renewals", "list"
LOOK_EVERY_MS, RETRY_MS = 86_400_000, 600_000
LIST_BYTES_MAX = 64 * 1024 * 1024
_LINE = re.compile(r"^([0-9a-f]{64})  (anchors/[a-z0-9/.-]{1,120})$")


@dataclass(frozen=True, slots=True)
class HeldStamp:
    """A token in the ledger folder: where, of which bytes, and what it says."""

    path: str
    authority: str
    token: bytes
    content: bytes

    def checked(self, trusted: Sequence[Certificate]) -> tuple[Stamp, datetime]:
        """The stamp, checked in full, and when the first certificate of its chain ends; raises as `check_stamp`."""
        stamp = check_stamp(self.token, self.content, trusted)
        chain = check_chain_to(trusted, stamp.signer, stamp.certificates, stamp.gen_at)
        return stamp, min(certificate.ends_at for certificate in chain)


def _chain_ends_at(held: HeldStamp, trusted: Sequence[Certificate], known: dict[bytes, datetime]) -> datetime:
    """When the first certificate of its chain ends; its signature was checked when it was kept, and chains are `known` by their signer."""
    stamp = parse_stamp(held.token)
    signer = stamp.signer
    if signer.content not in known:
        chain = check_chain_to(trusted, signer, stamp.certificates, stamp.gen_at)
        known[signer.content] = min(certificate.ends_at for certificate in chain)
    return known[signer.content]


def held_stamps(directory: Path) -> Iterator[HeldStamp]:
    """Every token in the ledger folder: of anchors, the newest first, then of renewals, the latest first."""
    for anchor in newest_first(directory):
        for name, token in anchor.stamps.items():
            yield HeldStamp(f"{ANCHORS}/{anchor.size}/{name}{STAMP_SUFFIX}", name, token, anchor.note)
    for number in reversed(renewal_numbers(directory)):
        place = f"{ANCHORS}/{RENEWALS}/{number}"
        listing = read_within(directory / place / LIST, LIST_BYTES_MAX)
        for path in sorted((directory / place).glob(f"*{STAMP_SUFFIX}")):
            renewed, name = read_within(path, STAMP_BYTES_MAX), path.name.removesuffix(STAMP_SUFFIX)
            if renewed is not None and listing is not None and AUTHORITY_NAME.fullmatch(name):
                yield HeldStamp(f"{place}/{path.name}", name, renewed, listing)


def renewal_numbers(directory: Path) -> list[int]:
    """The numbers of the renewals that there are, ascending."""
    folder = directory / ANCHORS / RENEWALS
    return sorted(int(each.name) for each in folder.iterdir() if each.name.isdecimal()) if folder.is_dir() else []


def listed(content: bytes) -> dict[str, str]:
    """Path to SHA-256 of a renewal's list; InvalidError for another form."""
    found: dict[str, str] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise InvalidError("a list of renewed tokens has a line that is not digest, two spaces, path")
        found[match[2]] = match[1]
    return found


def evidenced_at(directory: Path, stamp: HeldStamp, trusted: Sequence[Certificate], moment: datetime) -> bool:
    """Whether `stamp` still proves its time at `moment`: its chain holds then, or a renewal made in time does, and so on.

    Raises as `HeldStamp.checked` when the stamp itself does not hold; renewals that do not hold are passed over.
    """
    _, ends_at = stamp.checked(trusted)
    if moment <= ends_at:
        return True
    digest = digest_of(stamp.token)
    for later in held_stamps(directory):
        try:
            if f"/{RENEWALS}/" not in later.path or listed(later.content).get(stamp.path) != digest:
                continue
            if later.checked(trusted)[0].gen_at <= ends_at and evidenced_at(directory, later, trusted, moment):
                return True
        except (IntegrityError, InvalidError):
            continue
    return False


@dataclass(slots=True)
class Renewer:
    """Looks once a day for tokens whose chain ends within `renew_days` and have not been renewed. One thread at a time."""

    directory: Path
    clock: Clock
    outbox: Outbox
    complain: Complain
    authorities: Sequence[TimeAuthority]
    renew_days: int
    _due_ms: int = field(default=-1)

    def beat(self) -> int:
        """Renew what is due, if it is time to look; returns how many tokens were renewed."""
        now_ms = self.clock.monotonic_ms()
        if not self.authorities or now_ms < self._due_ms:
            return 0
        try:
            ending = self._ending()
            renewed = self._renew(ending) if ending else 0
        except JianluError as error:
            self.complain("renewal", error)
            self._due_ms = now_ms + RETRY_MS
            return 0
        self._due_ms = now_ms + LOOK_EVERY_MS
        return renewed

    def _ending(self) -> dict[str, str]:
        """Path to SHA-256 of what must be renewed: tokens, and with a renewal's token its list."""
        horizon, done = self.clock.now() + timedelta(days=self.renew_days), self._done()
        trusted = {each.name: parse_certificates(each.chain) for each in self.authorities}
        found: dict[str, str] = {}
        known: dict[bytes, datetime] = {}
        for held in held_stamps(self.directory):
            digest = digest_of(held.token)
            if done.get(held.path) == digest:
                continue
            try:
                ends_at = _chain_ends_at(held, trusted.get(held.authority) or self._named(held.authority), known)
            except (IntegrityError, InvalidError) as error:
                self.complain(held.authority, error)
                continue
            if ends_at <= horizon:
                found[held.path] = digest
                if f"/{RENEWALS}/" in held.path:
                    found[f"{held.path.rpartition('/')[0]}/{LIST}"] = digest_of(held.content)
        return found

    def _named(self, authority: str) -> Sequence[Certificate]:
        """The certificates that were named for an authority that the settings have no more."""
        return parse_certificates((read_chain(self.directory, authority) or b"").decode("ascii", "replace"))

    def _done(self) -> dict[str, str]:
        done: dict[str, str] = {}
        for held in held_stamps(self.directory):
            if f"/{RENEWALS}/" in held.path:
                done |= listed(held.content)
        return done

    def _renew(self, ending: dict[str, str]) -> int:
        """By the first authority whose own chain holds longer; IntegrityError when there is none."""
        content = "".join(f"{digest}  {path}\n" for path, digest in sorted(ending.items())).encode()
        number = (renewal_numbers(self.directory) or [0])[-1] + 1
        horizon = self.clock.now() + timedelta(days=self.renew_days)
        for authority in self.authorities:
            token = authority.stamp(content)
            held = HeldStamp(f"{ANCHORS}/{RENEWALS}/{number}/{authority.name}{STAMP_SUFFIX}", authority.name, token, content)
            stamp, ends_at = held.checked(parse_certificates(authority.chain))
            if ends_at <= horizon:
                continue
            put_files(self.directory, [(f"{ANCHORS}/{RENEWALS}/{number}/{LIST}", content), (held.path, token)])
            body = {
                "number": number,
                "count": len(ending),
                "list": hashlib.sha256(content).hexdigest(),
                "token": digest_of(token),
            }
            self.outbox.note(EventType.STAMPS_RETAINED, {**body, "authority": authority.name, "at": instant_text(stamp.gen_at)})
            return len(ending)
        raise IntegrityError(
            "no time authority has a certificate that holds long enough to renew older tokens: add its new chain"
        )
