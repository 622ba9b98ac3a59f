"""What search works with: the vault, the tenant, the sounds that speakers exchange.

Made at the edge, once a process, so that keys of blocks are opened once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jianlu.core.formats.plan import Language
from jianlu.core.phrases.nearness import Nearness
from jianlu.core.terms.ids import TenantId
from jianlu.deliver.search.blocks import Roster
from jianlu.vault.ports import VaultPorts
from jianlu.vault.search_keys import SearchKeys


@dataclass(slots=True)
class Opened:
    """What a process keeps open between questions: the rosters of the blocks that there are, by number; no word and no name."""

    rosters: Mapping[int, Roster] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchPorts:
    """The vault whose index database holds the search index, whose cases it searches, and which sounds speakers exchange (Chinese)."""

    vault: VaultPorts
    tenant: TenantId
    nearness: Nearness
    keys: SearchKeys = field(init=False)
    opened: Opened = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", SearchKeys(self.vault, self.tenant))
        object.__setattr__(self, "opened", Opened())


def search_ports(vault: VaultPorts, tenant: TenantId, languages: Mapping[str, Language]) -> SearchPorts:
    """Search over the tenant's cases in `vault`; near sounds are those of Chinese as the packs describe it."""
    chinese = languages.get("zh")
    return SearchPorts(vault, tenant, Nearness(chinese.near if chinese is not None else ()))
