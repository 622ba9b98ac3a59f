"""One module per published byte format; each names its page in `specs/` and version."""
