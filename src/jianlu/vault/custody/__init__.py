"""Custody: what may not be destroyed, what is due, and how a case is destroyed so that it can be proved (`specs/custody.md`)."""
