"""Writes the API's description to standard output: `python -m jianlu.deliver.api > specs/api/openapi.json`.

The description itself is `describe.py`.
"""

from __future__ import annotations

import sys

from jianlu.deliver.api.app import description_text

sys.stdout.write(description_text())
