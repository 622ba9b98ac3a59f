"""Search over all cases: by what was said, by whom it was about, by facts and verdicts.

The index says nothing without its keys (`docs/decisions/0102-search.md`).
"""
