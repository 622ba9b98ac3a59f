"""Finding a plan's phrases in what was heard: pure, deterministic, integers only. `spot` is the entrance; `specs/findings.md`."""
