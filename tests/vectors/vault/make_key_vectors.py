"""Makes `specs/vectors/keys/good.json` and `good-sm.json`: `python -m tests.vectors.vault.make_key_vectors`.

Keys and nonces are drawn at random, so each run gives another tree.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from jianlu.backends.keys.file import FileKeys
from jianlu.core.terms.ids import object_id, tenant_id
from jianlu.core.terms.suites import Suite
from jianlu.vault.keys import create_unit_key, tenant_secret
from jianlu.vault.model import Draft, Place
from jianlu.vault.seal import seal
from tests.fakes.vault.home import CASE, TENANT, memory_vault
from tests.fakes.vault.memory import MemoryBlobs

FOLDER = Path(__file__).resolve().parents[3] / "specs" / "vectors" / "keys"
ROOT_KEY = bytes(range(32))
SALT_LABELS = ["0/commit", "1/init.commit", "7/commit"]
PLAINTEXT = b"evidence of a sale"


def make(suite: Suite = Suite.INTERNATIONAL) -> dict[str, object]:
    """One tree in `suite` with one object, and all that follows from its keys."""
    tenant = tenant_id(TENANT)
    with memory_vault() as given:
        using = replace(given, keys=FileKeys(ROOT_KEY, suite), suite=suite)
        assert isinstance(using.key_blobs, MemoryBlobs)
        place = Place(tenant, CASE, object_id("plan"), 1)
        seal(Draft(place, PLAINTEXT), using=using)
        unit_key = create_unit_key(using, tenant, CASE)
        return {
            "root_key": ROOT_KEY.hex(),
            "keeper": f"file/{using.keys.describe().version}",
            "records": {name: content.decode() for name, content in sorted(using.key_blobs.contents.items())},
            "tenant_secret": tenant_secret(using, tenant).hex(),
            "object_key": unit_key.open_object_key(place, using.key_blobs).hex(),
            "salts": {label: unit_key.salt(label).hex() for label in SALT_LABELS},
            "sealed": {place.blob_name: using.blobs.get(place.blob_name).hex()},
            "plain": PLAINTEXT.hex(),
        }


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, suite in (("good.json", Suite.INTERNATIONAL), ("good-sm.json", Suite.SM)):
        (FOLDER / name).write_text(json.dumps(make(suite), indent=1) + "\n", encoding="ascii")
