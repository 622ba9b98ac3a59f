"""`jianlu ledger`: check, prove and copy a plain tlog-tiles folder; works on any copy, without a home.

How a log is read, checked and proved is `ledger/`; here are only arguments, text and exit codes.
"""

from __future__ import annotations

import base64
import json as json_text
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from jianlu.core.errors import InvalidError, NotFoundError
from jianlu.core.formats.checkpoint import claimed_checkpoint
from jianlu.core.formats.cosignature import parse_witness_key
from jianlu.core.formats.note import VerifierKey, parse_verifier_key
from jianlu.core.formats.sm2_note import Sm2Key
from jianlu.core.formats.x509 import parse_certificates
from jianlu.entry.cli._output import AsJson, HomePath, home_path, read_password, show
from jianlu.entry.stale_copy import WITNESSES, declare_lost, responsible, with_witnesses
from jianlu.ledger.anchors.rows import anchor_rows
from jianlu.ledger.export import export_ledger
from jianlu.ledger.fsck import fsck as check_ledger
from jianlu.ledger.prove import prove_consistency, prove_inclusion
from jianlu.ledger.read import read_checkpoint
from jianlu.ledger.signers import sm2_keys
from jianlu.runtime.settings import read_settings
from jianlu.verify.trust import (
    NO_TRUST,
    SAVED_BYTES_MAX,
    TRUST_BYTES_MAX,
    Trust,
    TrustedSm2,
    parse_trust,
    read_bounded,
    trust_bytes,
)
from jianlu.wiring import TRUST_FILE, open_home, time_authorities

EXIT_UNSOUND = 90

app = App(name="ledger", help="The transparency log: a plain tlog-tiles folder.")


@app.command
def fsck(
    directory: Path,
    *,
    key: Annotated[str | None, Parameter(help="The ledger's public key (vkey).")] = None,
    trust: Annotated[Path | None, Parameter(help="trust.json that lists the ledger.")] = None,
    checkpoint: Annotated[Path | None, Parameter(help="A checkpoint saved earlier, which the ledger must extend.")] = None,
    json: AsJson = False,
) -> int:
    """Recompute everything: entries, tiles, root, signature; in a home, ask its witnesses too. Exit 0 when sound, 90 when not."""
    saved = read_bounded(checkpoint, SAVED_BYTES_MAX) if checkpoint else None
    vkey = _key(directory, key, trust)
    report = with_witnesses(directory, vkey, check_ledger(directory, vkey, saved_checkpoint=saved))
    lines = [f"账本{'完好' if report.is_sound else '有问题'} / ledger {'sound' if report.is_sound else 'NOT SOUND'}: {directory}"]
    document = report.as_document()
    lines += [f"  {json_text.dumps(value, ensure_ascii=False)}" for value in document.get("problems", [])]
    lines += [f"  {each.what}" for each in report.remarks if each.path == WITNESSES]
    show(document, "\n".join(lines), as_json=json)
    return 0 if report.is_sound else EXIT_UNSOUND


@app.command
def prove(
    directory: Path,
    index: Annotated[int | None, Parameter(help="Entry to prove.")] = None,
    *,
    old: Annotated[int | None, Parameter(name="--from", help="Consistency: the earlier size.")] = None,
    new: Annotated[int | None, Parameter(name="--to", help="Consistency: the later size (default: now).")] = None,
    json: AsJson = False,
) -> int:
    """Print a tlog-proof of entry INDEX, or with --from the consistency proof that can be appended to a saved checkpoint."""
    if (index is None) == (old is None):
        raise InvalidError("prove what? Give INDEX for an entry, or --from SIZE for consistency")
    if index is not None:
        text = prove_inclusion(directory, index)
        show({"index": index, "proof": text}, text, as_json=json)
        return 0
    assert old is not None  # noqa: S101 - exactly one of the two was given
    size = new if new is not None else claimed_checkpoint(read_checkpoint(directory)).size
    hashes = [base64.b64encode(value).decode() for value in prove_consistency(directory, old, size)]
    show({"from": old, "to": size, "hashes": hashes}, "\n".join([f"consistency {old} {size}", *hashes]), as_json=json)
    return 0


@app.command
def export(directory: Path, destination: Path, *, json: AsJson = False) -> int:
    """Copy the published log to DESTINATION, checked on the way: a plain folder for a web server or a stranger."""
    checkpoint = export_ledger(directory, destination)
    document = {"origin": checkpoint.origin, "size": checkpoint.size, "root": base64.b64encode(checkpoint.root).decode()}
    show(document, f"已导出 / exported: {checkpoint.origin}, {checkpoint.size} → {destination}", as_json=json)
    return 0


@app.command
def stamps(
    directory: Path,
    *,
    trust: Annotated[Path | None, Parameter(help="trust.json that names authorities and witnesses.")] = None,
    json: AsJson = False,
) -> int:
    """Say which authorities stamped and which witnesses cosigned this ledger, and when. Exit 0 when all of it holds, 90 when not."""
    believed = parse_trust(read_bounded(trust, TRUST_BYTES_MAX)) if trust else NO_TRUST
    rows = list(anchor_rows(directory, believed.authorities, believed.witnesses))
    lines = [f"{row.words}{'' if row.holds else '  !! ' + row.problem}" for row in rows]
    if not rows:
        lines = ["未能证明：没有时间戳，也没有副署 / not evidenced: no time stamp and no cosignature"]
    elif trust is None:
        lines.append("签名方为账本自述，用 --trust 核验 / authorities are self-declared: check them with --trust")
    show([row.as_document() for row in rows], "\n".join(lines), as_json=json)
    return 0 if all(row.holds for row in rows) else EXIT_UNSOUND


@app.command(name="declare-loss")
def declare_loss_by_two(
    *,
    first: Annotated[str, Parameter(help="An account of compliance or of an administrator.")],
    second: Annotated[str, Parameter(help="Another person's account, of compliance or of an administrator.")],
    first_password: Annotated[Path | None, Parameter(help="A file with the first password; asked for where not given.")] = None,
    second_password: Annotated[Path | None, Parameter(help="A file with the second password; asked for where not given.")] = None,
    first_code: Annotated[str, Parameter(help="Six digits of the first account's authenticator, where it has one.")] = "",
    second_code: Annotated[str, Parameter(help="Six digits of the second account's authenticator, where it has one.")] = "",
    home: HomePath = None,
    json: AsJson = False,
) -> int:
    """Put on record, by two people who sign in, that entries which witnesses saw are lost for good; the service starts again then."""
    with open_home(home_path(home)) as opened:
        people = [
            responsible(opened, first, read_password(first_password), first_code),
            responsible(opened, second, read_password(second_password), second_code),
        ]
        lost = declare_lost(opened, (people[0], people[1]))
    rows = [{"who": each.name, "saw": each.theirs} for each in lost]
    lines = [f"已声明丢失 / declared lost: {each.name}, {each.theirs}" for each in lost]
    show({"lost": rows}, "\n".join(lines), as_json=json)
    return 0


@app.command
def trust(home: Path | None = None, *, json: AsJson = False) -> int:
    """Print the trust file of a home with the authorities, witnesses and SM2 keys of its settings: publish it anew when these change."""
    path = home_path(home)
    settings = read_settings(path)
    listed = parse_trust(read_bounded(path / TRUST_FILE, TRUST_BYTES_MAX))
    text = trust_bytes(
        replace(
            listed,
            authorities={each.name: parse_certificates(each.chain) for each in time_authorities(path, settings)},
            witnesses=tuple(parse_witness_key(each.key) for each in settings.witnesses.witnesses),
            witnesses_required=settings.witnesses.required,
            sm2=_trusted_sm2(listed, sm2_keys(path, settings), path / settings.ledger.path),
        )
    ).decode()
    show(json_text.loads(text), text, as_json=json)
    return 0


def _trusted_sm2(listed: Trust, keys: Sequence[Sm2Key], directory: Path) -> tuple[TrustedSm2, ...]:
    """What the trust file lists, and those of `keys` that it does not list yet: they count from the ledger's present size on."""
    known = {each.key for each in listed.sm2}
    fresh = [key for key in keys if key not in known]
    since = claimed_checkpoint(read_checkpoint(directory)).size + 1 if fresh else 0
    return (*listed.sm2, *(TrustedSm2(key, since) for key in fresh))


def _key(directory: Path, key: str | None, trust: Path | None) -> VerifierKey:
    if key is not None:
        return parse_verifier_key(key)
    beside = directory.parent / "trust.json"
    source = trust or (beside if beside.exists() else None)
    if source is None:
        raise InvalidError("whose ledger? Give --key VKEY or --trust trust.json")
    listed = parse_trust(read_bounded(source, TRUST_BYTES_MAX)).ledgers
    try:
        origin = claimed_checkpoint(read_checkpoint(directory)).origin
    except InvalidError:
        if len(listed) == 1:
            return listed[0]  # fsck will say what is wrong with the checkpoint
        raise
    for candidate in listed:
        if candidate.name == origin:
            return candidate
    raise NotFoundError(f"{source.name} does not list the ledger {origin}")
