"""The vault: evidence as sealed objects in a published format, and the index that can be rebuilt from them.

Use cases: `seal`, `open`, `case_log` (a case's events and objects, in order), `shred`, `reindex`; `keys` holds the key tree,
`ports` what the vault needs from outside. The byte formats are `specs/sealed-segment.md` and `specs/keys.md`. What happens
in a case and what the rules make of it lives elsewhere: the vault does not know what a recording is.
"""
