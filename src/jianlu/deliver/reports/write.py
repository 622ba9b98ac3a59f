"""Writes the reports of a closed case: HTML and PDF in both languages, from what lies sealed.

The reports say nothing that the package's other documents do not; what they contain is `content.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from jianlu.core.formats.checkpoint import Checkpoint
from jianlu.core.formats.findings import parse_findings
from jianlu.core.formats.plan import parse_plan
from jianlu.core.formats.verdicts import parse_verdicts
from jianlu.core.terms.events import EventType
from jianlu.core.terms.instants import instant_text
from jianlu.deliver.reports.content import report_content
from jianlu.deliver.reports.course import message_texts, sealed_script
from jianlu.deliver.reports.html import render_html
from jianlu.deliver.reports.model import LANGS, CaseRecord
from jianlu.deliver.reports.pdf import render_pdf
from jianlu.vault.case_log import CaseLog


@dataclass(frozen=True, slots=True)
class CoveredBy:
    """Who vouches for the whole case: authority and instant of each token, and names of witnesses."""

    stamps: Sequence[tuple[str, str]] = ()
    witnesses: Sequence[str] = ()


NOBODY = CoveredBy()


def write_reports(
    log: CaseLog, *, checkpoint: Checkpoint, verifier_digest: str, created_at: datetime, covered: CoveredBy = NOBODY
) -> Mapping[str, bytes]:
    """`report.zh.html`, `report.zh.pdf`, `report.en.html`, `report.en.pdf` of the judged case `log`, as `covered` by others.

    Raises NotFoundError before it is judged, IntegrityError when sealed evidence does not open.
    """
    recorded = [event for event in log.events if event.type is EventType.FINDINGS_RECORDED]
    record = CaseRecord(
        tenant=log.tenant,
        case=log.case,
        plan=parse_plan(log.open_object("plan")),
        events=log.events,
        inspections=[parse_findings(log.open_object(event.body["object"])) for event in recorded],
        clauses=parse_verdicts(log.open_object("verdicts")),
        created_at=instant_text(created_at),
        ledger=checkpoint.origin,
        tree_size=checkpoint.size,
        root=base64.b64encode(checkpoint.root).decode(),
        verifier_digest=verifier_digest,
        script=sealed_script(log),
        messages=message_texts(log),
        stamps=covered.stamps,
        witnesses=covered.witnesses,
    )
    with ThreadPoolExecutor(len(LANGS)) as pool:
        pairs = pool.map(lambda lang: _render(record, lang), LANGS)
        return {name: content for rendered in pairs for name, content in rendered.items()}


def _render(record: CaseRecord, lang: str) -> dict[str, bytes]:
    content = report_content(record, lang)
    return {f"report.{lang}.html": render_html(content), f"report.{lang}.pdf": render_pdf(content)}
