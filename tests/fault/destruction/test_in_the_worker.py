"""The worker destroys what was started, also when the table of jobs was lost, and buries what a backup brought back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jianlu.core.terms.events import EventType
from jianlu.core.terms.ids import case_ref, tenant_id
from jianlu.deliver.packages.ports import PackagePorts
from jianlu.deliver.packages.write import package_path
from jianlu.entry.serve.worker import work
from jianlu.runtime.jobs import read_progress
from jianlu.runtime.settings import Settings
from jianlu.vault.case_log import open_case_log
from jianlu.vault.custody.destruction import DESTRUCTION
from jianlu.vault.keys import custody_chain, tenant_secret
from jianlu.vault.ports import VaultPorts
from jianlu.wiring import Workbench
from tests.fakes.vault.home import CASE, OTHER_CASE, TENANT, memory_vault
from tests.fakes.vault.memory import MemoryBlobs
from tests.fakes.vault.proofs import some_signer
from tests.fakes.vault.sale import give_up, record_sale


@dataclass
class WhenIdle:
    """Asked to stop as soon as there is nothing to do."""

    is_idle: bool = False

    def is_set(self) -> bool:
        return self.is_idle

    def wait(self, timeout: float | None = None) -> bool:
        self.is_idle = True
        return True


def look(vault: VaultPorts, home: Path) -> None:
    """One worker, from its start until it has nothing to do."""
    signer = some_signer()
    package = PackagePorts(vault, home / "ledger", signer.key, signer)
    work(home, TENANT, Workbench(Settings(), vault, package, lambda: None, lambda _: None), worker="w/1", stop=WhenIdle())


def custody(vault: VaultPorts) -> list[EventType]:
    chain = custody_chain(tenant_secret(vault, tenant_id(TENANT)), CASE)
    return [event.type for event in open_case_log(vault, TENANT, chain).events]


def test_a_started_destruction_without_a_job_goes_on_and_a_backup_is_buried(tmp_path: Path) -> None:
    with memory_vault(f"sqlite:///{tmp_path}/index.sqlite") as vault:
        record_sale(vault)
        record_sale(vault, OTHER_CASE)
        package = package_path(tmp_path, case_ref(CASE))
        package.parent.mkdir()
        package.write_bytes(b"PLAINTEXT")
        assert isinstance(vault.key_blobs, MemoryBlobs)
        kept = dict(vault.key_blobs.contents)
        look(vault, tmp_path)
        assert custody(vault) == [] and package.exists()
        give_up(vault)
        look(vault, tmp_path)
        assert custody(vault) == [EventType.DESTRUCTION_STARTED, EventType.DESTRUCTION_COMPLETED]
        progress = read_progress(vault.index, f"{DESTRUCTION}{CASE}")
        assert progress is not None and progress.state == "done" and not package.exists()
        assert list(vault.key_blobs.names(f"{TENANT}/{CASE}/")) == [f"{TENANT}/{CASE}/shredded"]
        vault.key_blobs.contents |= {name: content for name, content in kept.items() if CASE in name}
        del vault.key_blobs.contents[f"{TENANT}/{CASE}/shredded"]
        look(vault, tmp_path)
        assert list(vault.key_blobs.names(f"{TENANT}/{CASE}/")) == [f"{TENANT}/{CASE}/shredded"]
        assert len(custody(vault)) == 2 and open_case_log(vault, TENANT, OTHER_CASE).open_object("plan")
