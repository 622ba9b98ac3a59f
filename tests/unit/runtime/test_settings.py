"""Settings that would be wrong silently are refused at once, by name."""

from __future__ import annotations

import pytest

from jianlu.core.errors import InvalidError
from jianlu.runtime.settings import parse_settings


def test_networks_of_proxies_are_networks() -> None:
    found = parse_settings('[serve]\ntrusted_proxies = ["10.0.4.0/28", "192.0.2.7", "2001:db8::/32"]').serve.trusted_proxies
    assert found == ("10.0.4.0/28", "192.0.2.7/32", "2001:db8::/32")


@pytest.mark.parametrize("network", ["*", "10.0.4.1/28", "proxy.example", "10.0.4.0/33", ""])
def test_a_proxy_that_nobody_would_match_refuses_to_start(network: str) -> None:
    with pytest.raises(InvalidError, match=r"serve\.trusted_proxies"):
        parse_settings(f'[serve]\ntrusted_proxies = ["{network}"]')
