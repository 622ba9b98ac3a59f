"""Words that somebody may say or write to make a report misbehave, in a case that otherwise is the lawful sale."""

from __future__ import annotations

from dataclasses import replace

from jianlu.core.terms.findings import FindingKind, Inspector
from jianlu.deliver.reports.model import CaseRecord
from tests.fakes.reported_case import sale

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</li></ol></section></main><h1>完整</h1>",
    '" onmouseover="x',
    "&lt;b&gt; &amp;amp; &#60;script&#62;",
    "{{ report.title }}{% raw %}",
    '#read("x") #import "@preview/x:1.0.0": * #eval("1")',
    "$ sum_(i=0)^n $ and $x$",
    "\\u{41} \\ \\n \\* *bold* _em_ `code` = Heading",
    "- list @label <label> // comment /* comment */ ~ -- ---",
    "مرحبا بالعالم שלום",
    "\u202eevil\u202c \u2066isolate\u2069",
    "👩‍👩‍👧‍👦 🇨🇳 e\u0301 \u200b\u200d",
    "龘" * 400,
    "x" * 4000,
    "tab\tnewline\nreturn",
    "%s %d {0} {about} {track}",
    "]) #panic() ]",
)


def hostile_case() -> CaseRecord:
    """Every text that comes from outside says one of `HOSTILE`: transcript, hits, phrases, titles, facts, engines."""
    record = sale()
    inspections = []
    for inspection in record.inspections:
        findings = list(inspection.findings)
        for number, finding in enumerate(findings):
            if finding.kind is FindingKind.UTTERANCE and number < len(HOSTILE):
                findings[number] = replace(finding, value={**finding.value, "text": HOSTILE[number]})
            if finding.kind is FindingKind.PHRASE:
                findings[number] = replace(finding, value={**finding.value, "heard": HOSTILE[number % len(HOSTILE)]})
        engine = inspection.engine
        if inspection.inspector is Inspector.SOUND:
            engine = replace(engine, name=HOSTILE[0], version=HOSTILE[13][:300])
        inspections.append(replace(inspection, findings=tuple(findings), engine=engine))
    assert sum(f.kind is FindingKind.UTTERANCE for one in inspections for f in one.findings) >= len(HOSTILE)
    plan = record.plan
    clauses = tuple(
        replace(clause, title={"zh": HOSTILE[n % len(HOSTILE)], "en": HOSTILE[n % len(HOSTILE)]})
        for n, clause in enumerate(plan.clauses)
    )
    phrases = tuple(replace(phrase, says=HOSTILE[n % len(HOSTILE)]) for n, phrase in enumerate(plan.phrases))
    facts = {**plan.facts, "case": {**plan.facts["case"], "institution": HOSTILE[0], "place": HOSTILE[5]}}
    return replace(record, plan=replace(plan, clauses=clauses, phrases=phrases, facts=facts), inspections=inspections)
