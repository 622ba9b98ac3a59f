"""Webhooks: other programs are told what happened to a case, signed, until they say that they heard it."""
