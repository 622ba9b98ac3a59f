"""Applies the pure rules of `core.verdicts` to a case and seals the answer. Later: quality-control sampling, review, appeal."""
