"""`jianlu verify`: the offline verifier, the same that travels in every package.

What is checked, and what follows from it, is `verify/`. It needs no home, no key and no network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from jianlu.core.formats.certificate import is_certificate
from jianlu.core.limits import CERTIFICATE_BYTES_MAX
from jianlu.entry.cli._output import AsJson, show, stages
from jianlu.verify.certificate import check_certificate, write_anchors
from jianlu.verify.check import check_package
from jianlu.verify.render import render
from jianlu.verify.render_certificate import render_certificate
from jianlu.verify.trust import SAVED_BYTES_MAX, TRUST_BYTES_MAX, parse_saved, parse_trust, read_bounded


def verify(
    package: Path,
    *,
    trust: Annotated[Path | None, Parameter(help="trust.json of the institution.")] = None,
    checkpoint: Annotated[Path | None, Parameter(help="A checkpoint of the ledger that you saved earlier.")] = None,
    anchors: Annotated[Path | None, Parameter(help="Of a certificate: a folder for its time stamps, for other programs.")] = None,
    language: Annotated[Literal["zh", "en"], Parameter(help="Language of the text result.")] = "zh",
    json: AsJson = False,
) -> int:
    """Say offline whether PACKAGE is intact and complete. Exit 0: both; 10: intact, not complete; 90: not intact.

    PACKAGE may be a certificate of destruction: exit 0 when it holds, 90 when it does not.
    """
    believed = parse_trust(read_bounded(trust, TRUST_BYTES_MAX)) if trust else None
    saved = parse_saved(read_bounded(checkpoint, SAVED_BYTES_MAX)) if checkpoint else None
    if is_certificate(read_bounded(package, 0)):
        content = read_bounded(package, CERTIFICATE_BYTES_MAX)
        found = check_certificate(content, trust=believed, saved=saved)
        if anchors and found.version:
            write_anchors(content, anchors)
        show(found.as_document(), render_certificate(found, language), as_json=json)
        return found.exit_code
    with stages() as progress:
        result = check_package(package, trust=believed, saved=saved, say=progress.finished)
    show(result.as_document(), render(result, language), as_json=json)
    return result.exit_code
