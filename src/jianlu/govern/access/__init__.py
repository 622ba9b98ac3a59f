"""Rights: who may do what with which case, script or account, decided by policies that are data (`policies/`). Deny by default."""
