"""Words and bytes of Jianlu: pure, no input or output, no clock.

Here live the vocabulary (`terms`), the byte formats (`formats`), the pure rules that turn plan, events and findings into
verdicts (`verdicts`), the six error families and the bounds. The offline verifier imports this package and nothing else
of ours, so nothing here may import more than the Python standard library (`formats.segment` alone uses `cryptography`).
"""
