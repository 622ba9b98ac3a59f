"""The report of a case, for a compliance officer to read and sign: one content, rendered as HTML and PDF, in Chinese and English.

A report says nothing that plan, events, findings and verdicts do not; the verifier checks those, and the report's digest.
"""
