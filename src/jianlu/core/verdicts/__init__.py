"""Pure rules that turn plan, events and findings into verdicts; `clauses.judge` is the entrance. `specs/verdicts.md`, version 1."""
