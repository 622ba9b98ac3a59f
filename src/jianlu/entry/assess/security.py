"""What keeps others out and evidence whole, as far as a home can be asked: ledger, keys, files, ways in, copies.

Each asks the function that commands and pages use; nothing is written, and nothing is taken from an earlier report.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from jianlu.core.formats.x509 import parse_certificates
from jianlu.core.terms.instants import parse_instant
from jianlu.entry.assess.model import Answer, Examined, Figure, Found, Question, met_if, not_evidenced
from jianlu.entry.stale_copy import with_witnesses
from jianlu.govern.identity.accounts import list_accounts, look_at_ways
from jianlu.govern.identity.model import ADMINISTRATORS, Account
from jianlu.govern.identity.passkeys import list_passkeys
from jianlu.ledger.anchors.rows import anchor_rows
from jianlu.ledger.fsck import fsck
from jianlu.runtime.tls import certificate_covers, certificate_facts
from jianlu.vault.stores.reports import store_reports
from jianlu.wiring import document_scanner, time_authorities, witnesses_of

CERTIFICATE_DAYS_MIN = 14
SCRUB_DAYS_MAX = 31
ANCHORS_LOOKED_AT = 50
_OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO


def ledger_is_sound(home: Examined) -> Found:
    """Every entry, tile and root recomputed; witnesses asked where there are any."""
    directory = _ledger(home)
    key = home.bench.package.ledger_key
    report = with_witnesses(directory, key, fsck(directory, key))
    figures: dict[str, Figure] = {"entries": report.size, "root": report.root, "problems": len(report.problems)}
    return met_if(report.is_sound, "`jianlu ledger fsck` names what is wrong with each file", **figures)


def time_is_stamped(home: Examined) -> Found:
    """By each authority of the settings, checked against its chain."""
    authorities = {each.name: parse_certificates(each.chain) for each in time_authorities(home.path, home.settings)}
    if not authorities:
        return not_evidenced("no time-stamp authority is set: see [time] in the settings")
    rows = [row for row in anchor_rows(_ledger(home), authorities, (), anchors_max=ANCHORS_LOOKED_AT) if row.kind == "stamp"]
    holding = {row.who for row in rows if row.holds and row.is_checked}
    figures: dict[str, Figure] = {
        "authorities": len(authorities),
        "stamps": len(rows),
        "newest_covers": max((row.size for row in rows), default=0),
    }
    is_so = holding >= authorities.keys()
    return met_if(is_so, "an authority has no token that holds: see `jianlu ledger stamps`", **figures)


def witnesses_cosigned(home: Examined) -> Found:
    """At least as many witnesses of the settings as they require signed a checkpoint of this ledger."""
    witnesses = tuple(each.key for each in witnesses_of(home.settings))
    if not witnesses:
        return not_evidenced("no witness is set: see [witnesses] in the settings")
    rows = anchor_rows(_ledger(home), {}, witnesses, anchors_max=ANCHORS_LOOKED_AT)
    signed = {row.who for row in rows if row.kind == "cosignature" and row.holds and row.is_checked}
    need = max(1, home.settings.witnesses.required)
    return met_if(len(signed) >= need, "too few witnesses signed: see `jianlu ledger stamps`", witnesses=len(signed), needed=need)


def _ledger(home: Examined) -> Path:
    return home.path / home.settings.ledger.path


def root_key_is_kept_apart(home: Examined) -> Found:
    """In a token or a key service that answers and holds the same key."""
    kind = home.settings.keys.backend
    home.check_keeper()
    if kind == "file":
        return not_evidenced("the root key is a file beside what it opens: see docs/keys.md", kind=kind)
    return Found(Answer.MET, {"kind": kind})


def files_are_private(home: Examined) -> Found:
    """The home's folder, its secrets and its wrapped keys are open to their owner alone."""
    looked, wide = 0, 0
    for path in _guarded(home):
        looked += 1
        wide += bool(path.lstat().st_mode & _OTHERS_MAY)
    return met_if(
        wide == 0, "others may read files of the home: chmod 700 the folder, 600 its secrets", looked_at=looked, open=wide
    )


def _guarded(home: Examined) -> Iterator[Path]:
    yield home.path
    yield home.path / home.settings.vault.keys_path
    secrets = (home.path / home.settings.keys.root_key).parent
    if secrets != home.path and secrets.is_dir():
        yield from (path for path in secrets.rglob("*") if path.is_file())


def certificate_holds(home: Examined) -> Found:
    """It is for the name that people use, long enough, and not of the development authority that a home begins with."""
    serve = home.settings.serve
    facts = certificate_facts(home.path / serve.certificate)
    days = (facts.until - home.identity.clock.now()) // timedelta(days=1)
    figures: dict[str, Figure] = {"days_left": int(days), "issuer": facts.issuer}
    if not certificate_covers(home.path / serve.certificate, urlsplit(serve.public_url or "https://localhost").hostname or ""):
        return Found(Answer.NOT_MET, figures, "the certificate is not for the name of public_url: see [serve]")
    if days < CERTIFICATE_DAYS_MIN:
        return Found(Answer.NOT_MET, figures, f"the certificate ends within {CERTIFICATE_DAYS_MIN} days: issue the next one")
    if facts.is_development:
        return not_evidenced("the certificate is of the home's own development authority: set the institution's", **figures)
    return Found(Answer.MET, figures)


def administration_is_apart(home: Examined) -> Found:
    """It has a port of its own."""
    apart = home.settings.serve.administration
    return met_if(bool(apart), "administration shares the port of business: see [serve] administration", at=apart)


def administrators_are_three(home: Examined) -> Found:
    """Somebody for each of the three offices; one person never has two, which accounts refuse."""
    active = [each for each in list_accounts(home.identity, home.tenant) if each.is_active]
    counts = {role.value: sum(role in each.roles for each in active) for role in sorted(ADMINISTRATORS)}
    several = sum(len(each.roles & ADMINISTRATORS) > 1 for each in active)
    is_so = all(counts.values()) and not several
    return met_if(is_so, "one of the three offices has nobody, or somebody has two: see `jianlu account list`", **counts)


def second_factors_are_there(home: Examined) -> Found:
    """Whoever has a password has a code or a passkey besides, or gets nowhere without; the organisation's sign-in answers for its own."""
    people = [each for each in list_accounts(home.identity, home.tenant) if each.is_active]
    if not people:
        return not_evidenced("there is no account yet", accounts=0)
    alone, is_required = sum(_has_password_alone(home, each) for each in people), home.identity.needs_second_factor
    figures: dict[str, Figure] = {"accounts": len(people), "alone": alone, "required": int(is_required)}
    reason = "accounts get in by a password alone: have them enrol a passkey or a code, or require it in [sign_in]"
    return met_if(alone == 0 or is_required, reason, **figures)


def _has_password_alone(home: Examined, account: Account) -> bool:
    if account.has_totp or list_passkeys(home.identity, account.id):
        return False
    return look_at_ways(home.identity, home.tenant, account.name).has_password


def documents_are_scanned(home: Examined) -> Found:
    """The scanner that the settings name answers now."""
    scan = document_scanner(home.settings)
    if scan is None:
        return not_evidenced("documents are not looked at for malware: see [deposits] scanner")
    return met_if(scan(b"jianlu assess\n") == "", "the scanner takes a plain text for malware: see its log")


def copies_are_complete(home: Examined) -> Found:
    """Two stores at least, none behind."""
    found = store_reports(home.bench.vault)
    behind = sum(each.behind for each in found)
    figures: dict[str, Figure] = {"stores": len(found), "behind": behind}
    is_so = len(found) > 1 and all(each.is_complete for each in found)
    return met_if(is_so, "there is one copy alone, or a store is behind: see `jianlu stores list`", **figures)


def a_store_locks(home: Examined) -> Found:
    """By what the probe found, not by what the store says of itself."""
    labels = [each.state.label or "not probed" for each in store_reports(home.bench.vault)]
    if "compliance" in labels:
        return Found(Answer.MET, {"labels": ", ".join(labels)})
    return not_evidenced("no store was found to lock: see `jianlu stores probe`", labels=", ".join(labels))


def stores_are_scrubbed(home: Examined) -> Found:
    """Each was read whole and hashed lately, and nothing was lost."""
    states = [each.state for each in store_reports(home.bench.vault)]
    lost, never = sum(each.scrub_lost for each in states), sum(not each.scrubbed_at for each in states)
    if never:
        return not_evidenced("a store was never scrubbed to its end: `jianlu stores scrub`", never=never, lost=lost)
    oldest = min((parse_instant(each.scrubbed_at) for each in states), default=home.identity.clock.now())
    days = int((home.identity.clock.now() - oldest) // timedelta(days=1))
    reason = f"a store lost objects, or was not scrubbed for {SCRUB_DAYS_MAX} days: see `jianlu stores list`"
    return met_if(lost == 0 and days <= SCRUB_DAYS_MAX, reason, days=days, lost=lost)


QUESTIONS = (
    Question("security.ledger", "账本经逐条重算完好", "the ledger is sound, recomputed entry by entry", ledger_is_sound),
    Question(
        "security.time", "每个时间戳机构的时间戳均成立", "each time-stamp authority vouches for the ledger", time_is_stamped
    ),
    Question("security.witnesses", "见证方已副署", "witnesses cosigned the ledger", witnesses_cosigned),
    Question(
        "security.root-key", "根密钥与数据分开保管", "the root key is kept apart from what it opens", root_key_is_kept_apart
    ),
    Question("security.files", "机密文件仅所有者可读", "secrets are open to their owner alone", files_are_private),
    Question(
        "security.certificate",
        "服务器证书有效且属本机构",
        "the server's certificate holds and is the institution's",
        certificate_holds,
    ),
    Question("security.administration", "管理面与业务面分开", "administration is apart from business", administration_is_apart),
    Question(
        "security.administrators", "系统、安全、审计三员分立", "three administrators are three people", administrators_are_three
    ),
    Question("security.second-factor", "无人仅凭密码登录", "nobody gets in by a password alone", second_factors_are_there),
    Question("security.malware", "存入文件经恶意代码检查", "documents are looked at for malware", documents_are_scanned),
    Question("security.copies", "至少两份副本且齐全", "two copies at least, complete", copies_are_complete),
    Question("security.locks", "有存储经探测确实加锁", "a store was found to lock", a_store_locks),
    Question("security.scrub", "各存储近期经全量校验", "every store was read whole lately", stores_are_scrubbed),
)
