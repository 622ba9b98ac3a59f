"""`jianlu serve`, `jianlu certificate`, `jianlu account`: what starts, what is refused, what is said, how it stops."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.quiet_home import jianlu
from tests.fakes.serving.running import PASSWORD, Served, add_account, make_served_home, served, wait_for
from tests.fakes.vault.postgres import create_database, find_postgres, start_postgres


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_served_home(tmp_path_factory.mktemp("served") / "home")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The web process alone, for tests that only call it."""
    with served(make_served_home(tmp_path_factory.mktemp("web") / "home"), "--only", "web") as running:
        yield running


def test_the_tree_starts_says_where_and_stops_when_told(home: Path) -> None:
    with served(home) as running, running.client() as client:
        assert client.get("/api/v1/health").json()["status"] == "ok"
        wait_for(lambda: any(running.url in line for line in running.printed))
        wait_for(lambda: running.logged("child_started", role="worker"))
        assert running.logged("child_started")[0]["role"] == "web", "the others call it"
        assert running.stop() == 0
    stopped = [line["role"] for line in running.logged("child_stopped")]
    assert stopped[-1] == "web" and running.logged("child_stopped", role="web")[0]["exit_code"] == 0
    assert stopped.index("worker") < stopped.index("web")
    assert not (home / "run" / "web.json").exists()


def test_one_process_of_the_tree_runs_alone(home: Path) -> None:
    with served(home, "--only", "web") as running, running.client(signed_in="mei") as client:
        assert client.get("/api/v1/me").json()["name"] == "mei"
        assert not running.logged("child_started")
        assert running.stop() == 0


def test_administration_listens_at_an_address_of_its_own_and_is_nowhere_else(tmp_path: Path) -> None:
    home = make_served_home(tmp_path / "home", accounts=["sun:administrator"], administration="127.0.0.1:0")
    with served(home, "--only", "web") as running, running.client(signed_in="sun") as client:
        apart = running.said["administration"]
        assert apart.startswith("https://localhost:") and apart != running.url
        assert client.get("/api/v1/administration").status_code == client.get("/administration").status_code == 404
        assert client.get(f"{apart}/api/v1/administration").status_code == 200, "one sign-in holds for one host"
        assert client.get(f"{apart}/administration").status_code == 200
        assert running.stop() == 0


def dialled(running: Served) -> tuple[int, ssl.SSLContext]:
    return int(running.url.rpartition(":")[2]), ssl.create_default_context(cafile=str(running.home / "tls" / "ca.crt"))


def test_tls_1_2_is_refused_and_1_3_is_spoken(web: Served) -> None:
    port, context = dialled(web)
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        assert secured.version() == "TLSv1.3"
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", port)) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="localhost")


SMUGGLED = b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4",
        b"Content-Length: 0\r\nContent-Length: 5",
        b"Content-Length: +5",
        b"Content-Length : 5",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding : chunked",
        b"Content-Length: 5\rTransfer-Encoding: chunked",
    ],
)
def test_a_request_that_two_servers_would_end_in_different_places_is_refused_and_nothing_behind_it_is_answered(
    web: Served, framing: bytes
) -> None:
    """HTTP request smuggling: a proxy in front would take what follows for the body, or the other way about (RFC 9112, 11.2)."""
    port, context = dialled(web)
    request = b"POST /api/v1/sign-in HTTP/1.1\r\nHost: localhost\r\nX-Jianlu: 1\r\n" + framing + b"\r\n\r\n0\r\n\r\n" + SMUGGLED
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        secured.sendall(request)
        said = b"".join(iter(lambda: secured.recv(65_536), b""))
    assert said.count(b"HTTP/1.1 ") == 1, said
    assert said.split(b" ", 2)[1] in (b"400", b"501"), said


def test_the_log_holds_no_password_token_or_path(home: Path) -> None:
    with served(home, "--only", "web") as running, running.client(signed_in="mei") as client:
        token = client.cookies["__Host-jianlu"]
        client.get("/api/v1/nothing/secret-thing")
        wait_for(lambda: running.logged("request", status=404))
        running.stop()
    text = json.dumps(running.lines) + "".join(running.printed)
    assert PASSWORD not in text and token not in text and "secret-thing" not in text and "mei" not in text


def test_a_second_start_on_a_home_is_refused_and_the_first_goes_on(web: Served) -> None:
    with web.client() as client:
        with served(web.home) as second:
            assert second.process.wait(timeout=240) == 5
            assert second.logged("web_cannot_start")
        assert client.get("/api/v1/health").status_code == 200


def test_a_port_that_is_taken_is_said_and_nothing_is_left_running(home: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        copy = shutil.copytree(home, tmp_path / "home")
        settings = copy / "jianlu.toml"
        settings.write_text(settings.read_text(encoding="utf-8").replace("\nport = 0", f"\nport = {port}"), encoding="utf-8")
        with served(copy) as running:
            assert running.process.wait(timeout=240) == 75
        assert any("cannot listen" in line for line in running.printed)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--only", "media", "--shard", "7"], 2), (["--only", "recorder", "--name", "c"], 2), (["--only", "nothing"], 2)],
)
def test_a_process_that_the_settings_do_not_have_is_refused(home: Path, arguments: list[str], code: int) -> None:
    assert jianlu("serve", home, *arguments).code == code


def test_a_folder_that_is_no_home_is_not_found(tmp_path: Path) -> None:
    answer = jianlu("serve", tmp_path)
    assert answer.code == 4 and "jianlu init" in answer.err


def test_starting_never_makes_keys_or_certificates(home: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(home, tmp_path / "home")
    (copy / "tls" / "server.crt").unlink()
    with served(copy, "--only", "web") as running:
        assert running.process.wait(timeout=240) == 4
    assert any("jianlu certificate" in line for line in running.printed)
    assert not (copy / "tls" / "server.crt").exists()


def test_a_certificate_is_issued_anew_for_further_names(home: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(home, tmp_path / "home")
    before = (copy / "tls" / "server.crt").read_bytes()
    answer = jianlu("certificate", copy, "--name", "desk.local", "--name", "192.168.1.20", "--json")
    assert answer.code == 0 and {"desk.local", "192.168.1.20", "localhost"} <= set(answer.document["names"])
    assert (copy / "tls" / "server.crt").read_bytes() != before
    assert jianlu("certificate", copy, "--name", "bank.com").code == 2


def test_accounts_are_made_listed_and_changed(tmp_path: Path) -> None:
    home = make_served_home(tmp_path / "home", accounts=[])
    assert "account add" in jianlu("account", "list", "--home", home).out
    asked = ["--roles", "agent,supervisor", "--licences", "life", "--display", "王梅"]
    made = jianlu("account", "add", "mei", *asked, "--home", home, "--json")
    assert made.code == 0 and made.document["roles"] == ["agent", "supervisor"] and made.document["licences"] == ["life"]
    for command in ("disable", "enable", "unlock", "reset-totp", "sign-out", "link"):
        assert jianlu("account", command, "mei", "--home", home).code == 0
        assert jianlu("account", command, "nobody", "--home", home).code == 4
    link = jianlu("account", "link", "mei", "--home", home, "--json").document["link"]
    assert link.startswith("https://localhost:0/enrol#") and link != made.document["link"]
    assert made.document["code"].isdecimal(), "in a new home nobody else could release the link"
    (listed,) = jianlu("account", "list", "--home", home, "--json").document["accounts"]
    assert listed["name"] == "mei" and listed["display"] == "王梅" and listed["active"]


def test_an_account_that_may_not_be_is_refused(home: Path) -> None:
    assert jianlu("account", "add", "new", "--roles", "root", "--home", home).code == 2


@pytest.mark.slow
@pytest.mark.needs_program("initdb")
def test_the_same_home_is_served_from_postgresql(tmp_path: Path) -> None:
    programs = find_postgres()
    assert programs is not None
    home = make_served_home(tmp_path / "home", accounts=[])
    with start_postgres(programs) as url:
        settings = home / "jianlu.toml"
        text = settings.read_text(encoding="utf-8").replace("sqlite:///index.sqlite", create_database(url, "served"))
        settings.write_text(text, encoding="utf-8")
        with served(home, "--only", "web") as refused:
            assert refused.process.wait(timeout=240) == 5, "starting never makes a schema"
        assert jianlu("vault", "reindex", "--home", home).code == 0
        add_account(home, "mei", "agent")
        with served(home, "--only", "web") as running, running.client(signed_in="mei") as client:
            assert client.get("/api/v1/cases").json()["total"] == 0
            assert running.stop() == 0


def test_a_public_url_that_the_certificate_does_not_cover_is_said(home: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(home, tmp_path / "home")
    settings = copy / "jianlu.toml"
    text = settings.read_text(encoding="utf-8").replace('public_url = ""', 'public_url = "https://192.168.77.20:8443"')
    settings.write_text(text, encoding="utf-8")
    with served(copy, "--only", "web") as running:
        assert running.url == "https://192.168.77.20:8443"
        assert running.logged("certificate_does_not_cover_public_url")
    assert jianlu("certificate", copy, "--name", "192.168.77.20").code == 0
    with served(copy, "--only", "web") as running:
        assert running.url and not running.logged("certificate_does_not_cover_public_url")
