"""Anchors: what others vouched for of a ledger, when they did (time stamps) and that they saw no other history (cosignatures)."""
