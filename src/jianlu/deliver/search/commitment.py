"""What is kept of a question in the access log: a commitment.

Who has the question can show that it was asked; nobody can read it there.
"""

from __future__ import annotations

import hmac
from dataclasses import asdict

from jianlu.core.formats.canonical import canonical_bytes
from jianlu.deliver.search.model import Query
from jianlu.deliver.search.ports import SearchPorts
from jianlu.vault.keys import derive_key, tenant_search_key


def question_commitment(query: Query, *, using: SearchPorts) -> str:
    """64 hexadecimal characters, the same for the same question whatever its page; keyed, since names and numbers can be guessed."""
    asked = {name: value for name, value in asdict(query).items() if name != "page"}
    key = derive_key(tenant_search_key(using.vault, using.tenant), b"jianlu/search-question@v1")
    return hmac.new(key, canonical_bytes(asked), "sha256").hexdigest()
