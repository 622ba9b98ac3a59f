"""Keepers of the root key, implementations of `vault.ports.Keys`; each passes the contract suite in `tests/contract/vault`."""
