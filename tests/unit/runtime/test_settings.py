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


@pytest.mark.parametrize(
    ("said", "found"), [("10.9.0.5:9443", ("10.9.0.5", 9443)), ("[2001:db8::1]:9443", ("2001:db8::1", 9443)), ("", None)]
)
def test_administration_is_an_address_and_a_port(said: str, found: tuple[str, int] | None) -> None:
    assert parse_settings(f'[serve]\nadministration = "{said}"').serve.administration_at == found


@pytest.mark.parametrize("said", ["9443", "10.9.0.5", ":9443", "https://admin.bank.example:9443", "2001:db8::1:9443"])
def test_what_is_no_address_with_a_port_is_refused(said: str) -> None:
    with pytest.raises(InvalidError, match=r"serve\.administration"):
        parse_settings(f'[serve]\nadministration = "{said}"')
