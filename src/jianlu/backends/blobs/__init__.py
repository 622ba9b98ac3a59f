"""Blob stores, implementations of `vault.ports.Blobs`; each passes the contract suite in `tests/contract/vault`."""
