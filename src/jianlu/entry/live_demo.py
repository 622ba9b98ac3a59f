"""`make demo`: a service of its own with a sale that is ready to be held in two browser tabs.

It makes a home, accounts and one case, starts the service as `jianlu serve` and says which two links to open. Whoever has no camera
chooses the sample clips on the page. Everything it writes is in one folder, made anew; Ctrl+C ends it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jianlu.core.errors import JianluError, UnavailableError
from jianlu.core.terms.ids import tenant_id
from jianlu.entry.demo import PROGRAM, fresh_folder, say, styled
from jianlu.entry.http_caller import HttpCaller
from jianlu.govern.identity.accounts import make_account
from jianlu.govern.identity.first_people import let_all_in, random_password
from jianlu.runtime.stop_signal import StopSignal
from jianlu.wiring import open_identity

PORT = 8443
READY_FILE = Path("run/web.json")
STAFF = (
    ("agent", "agent", "林经理"),
    ("supervisor", "supervisor", "何主管"),
    ("compliance", "compliance", "许合规"),
)
INSTITUTION = 'institution = "建安银行"'
SALE: dict[str, Any] = {
    "template": "insurance-remote",
    "number": "sale-0001",
    "title": "分红型两全保险远程销售",
    "language": "zh",
    "profile": "standard",
    "facts": {
        "case.place": "CN-31",
        "case.institution": "建安银行",
        "product.kind": "life_insurance",
        "product.design": "participating",
        "product.insurer": "和安人寿保险公司",
        "product.term_years": 10,
        "product.pay_years": 5,
        "product.payment": "annual",
        "product.premium_yuan": 10000,
        "product.cooling_off_days": 15,
        "product.benefits": ["满期保险金", "身故保险金"],
        "product.death_benefit": True,
        "customer.age": 62,
        "customer.insured": "self",
        "session.biometrics": ["face"],
    },
    "people": {"customer": {"name": "王女士", "phone": "13800000000"}},
}
"""The case of the bundled clips (`entry/sample/assets`), held at a distance; the person is made up."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A demonstration that runs: where to go, and as whom."""

    url: str
    password: str
    case: str
    invitation: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration in the folder named (default `demo`) until Ctrl+C; 0 when it was ended by it."""
    named = list(sys.argv[1:] if arguments is None else arguments)
    home = Path(named[0] if named else "demo") / "home"
    stopping = StopSignal()
    fresh_folder(home.parent)
    try:
        password = _make_home(home, _free_port())
        with (home.parent / "serve.log").open("wb") as log:
            program = subprocess.Popen([str(PROGRAM), "serve", str(home)], stdout=log, stderr=log, start_new_session=True)
        try:
            _show(_prepare(home, _wait_for_url(home, program, stopping), password), home)
            while not stopping.wait(0.5):
                if (code := program.poll()) is not None:
                    raise UnavailableError(f"the service ended with exit code {code}: see {home.parent / 'serve.log'}")
        finally:
            program.terminate()
            program.wait(timeout=60)
    except JianluError as error:
        print(f"jianlu: {error}", file=sys.stderr)
        return 1
    say("已停止。证据仍在", "Stopped. The evidence stays in")
    print(f"  {home}")
    return 0


def _make_home(home: Path, port: int) -> str:
    """A home with accounts; the password that all of them have."""
    say("一、建立信任根、证书和账户", "1. Trust roots, a certificate and accounts")
    password = random_password()
    _jianlu("init", str(home))
    settings = home / "jianlu.toml"
    text = settings.read_text(encoding="utf-8")
    wishes = {
        f"port = {PORT}": f"port = {port}",
        "sample_devices = false": "sample_devices = true",
        'institution = ""': INSTITUTION,
    }
    for known, wanted in wishes.items():
        text = text.replace(known, wanted)
    settings.write_text(text, encoding="utf-8")
    with open_identity(home) as (read, identity):
        tenant = tenant_id(read.tenant.id)
        for name, role, display in STAFF:
            licences, skills = (("insurance",), ("life",)) if role == "agent" else ((), ())
            make_account(
                identity, tenant, name, roles=[role], display=display, languages=("zh",), licences=licences, skills=skills
            )
        let_all_in(identity, tenant, [name for name, _, _ in STAFF], password)
    return password


def _free_port() -> int:
    """The usual port, or a free one where something listens there already."""
    for port in (PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise UnavailableError("no port is free on this machine")


def _wait_for_url(home: Path, program: subprocess.Popen[bytes], stopping: StopSignal) -> str:
    say("二、启动服务：网页、媒体、录制、后台任务", "2. The service: web, media, recorders, worker")
    for _ in range(600):
        if program.poll() is not None:
            break
        try:
            return str(json.loads((home / READY_FILE).read_text(encoding="utf-8"))["url"])
        except (OSError, ValueError, KeyError):
            if stopping.wait(0.1):
                break
    raise UnavailableError(f"the service did not start: see {home.parent / 'serve.log'}")


def _prepare(home: Path, url: str, password: str) -> Prepared:
    """Scripts proposed by one person and approved by another, one case, and the customer's invitation."""
    say("三、话术由一人提交、另一人批准；建立一笔业务", "3. Scripts proposed by one, approved by another; one case")
    callers = {name: HttpCaller(url, home / "tls" / "ca.crt") for name, _, _ in STAFF}
    for name, caller in callers.items():
        caller.call("POST", "/api/v1/sign-in", {"name": name, "password": password})
    for script in callers["compliance"].call("POST", "/api/v1/scripts/shipped")["scripts"]:
        callers["supervisor"].call("POST", f"/api/v1/scripts/{script['script']}/versions/{script['version']}/approve")
    case = _when_up(lambda: callers["agent"].call("POST", "/api/v1/cases", SALE))["case"]
    invitation = callers["agent"].call("POST", f"/api/v1/cases/{case}/invitations", {"seat": "customer"})
    return Prepared(url, password, case, invitation["url"])


def _when_up(call: Callable[[], Any]) -> Any:
    """The answer of `call` once the processes behind the web process are up too: they start after it."""
    pause = threading.Event()
    for _ in range(100):
        try:
            return call()
        except UnavailableError:
            pause.wait(0.3)
    return call()


def _show(prepared: Prepared, home: Path) -> None:
    say("四、请打开两个浏览器标签页", "4. Now open two browser tabs")
    print(
        f"""
  {styled("坐席 / agent", "1")}     {prepared.url}/cases/{prepared.case}
                  账号 / name: agent     密码 / password: {prepared.password}
  {styled("客户 / customer", "1")}  {prepared.invitation}

  浏览器会提示证书不受信任：这是本机刚生成的开发证书，选择继续即可（或先信任 {home / "tls" / "ca.crt"}）。
  The browser warns of the certificate: it was made on this machine a moment ago. Continue (or trust the file above).
  没有摄像头？在设备检测页选“演示样片”，两边都能照常完成。
  No camera? Choose "sample clips" in the device test; both sides can finish the sale with them.
  结束后几分钟内，业务页面给出逐条结论和可跳转到秒的回放。证据包须经第二人批准才能导出：坐席在业务页面申请，
  另开一个隐私窗口以 supervisor（密码相同）登录，在 {prepared.url}/requests 批准。
  Minutes after the end the case page has verdicts and a playback that jumps to the second. The package takes a second person: ask for it on
  the case page, then approve it at {prepared.url}/requests in a private window, signed in as supervisor (same password).

  Ctrl+C 停止 / stops it.   日志 / log: {home.parent / "serve.log"}
""",
        flush=True,
    )


def _jianlu(*arguments: str) -> None:
    """Run one command quietly; what it says is shown when it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JIANLU_")}
    done = subprocess.run([str(PROGRAM), *arguments], text=True, capture_output=True, check=False, env=environment)
    if done.returncode:
        raise UnavailableError(f"jianlu {arguments[0]} failed: {done.stderr.strip()}")


if __name__ == "__main__":
    sys.exit(main())
