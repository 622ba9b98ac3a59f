"""The independent verifier: checks a package offline, with the Python standard library and `jianlu.core` alone.

`check.check_package` is the one way in; `python verifier.pyz FILE` and `jianlu verify FILE` are its two faces. Nothing here reads
a clock, a network, a key or any file but the package and what the caller names. Specified in `specs/package.md`.
"""
