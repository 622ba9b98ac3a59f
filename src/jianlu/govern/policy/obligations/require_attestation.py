"""`require_attestation`: a person of a role states what no engine sees, for a stretch of the recording.

A clause has at most one: the ledger's attestation event names the clause, not the obligation.
"""

from __future__ import annotations

from jianlu.govern.policy.obligations.form import Field, Kind, Slot

KIND = Kind("require_attestation", {"by": Slot(Field.ROLES), "what": Slot(Field.TEXTS)})
