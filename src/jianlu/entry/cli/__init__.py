"""The command line: names and exit codes are a contract (`docs/cli.md`). One module a command group; no business rules here."""
