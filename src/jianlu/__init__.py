"""Jianlu (鉴录): conversations that the law cares about, kept as evidence that an outsider can check.

What lives here: the name and version of the package. What does not: code; every concept has a package of its own,
listed in ARCHITECTURE.md.
"""

__version__ = "0.1.0"
