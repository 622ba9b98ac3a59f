"""`make demo-file`: the main job on the bundled sample, its report, and a sabotaged copy refused.

It calls the command line as a user would, each command in a process of its own, shows what it prints and judges only by
exit codes. Nothing here knows how sealing or verifying works. Everything it writes is in one folder, made anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("jianlu")
MEDIA_ENTRY = "media/session.mp4"
LOCAL_HEADER_BYTES = 30  # APPNOTE 4.3.7: fixed part; lengths of name and extra field are its last two words
INTACT_AND_COMPLETE, NOT_INTACT = 0, 90
LINES_SHOWN = 60
MARK = ".made-by-jianlu-demo"


def styled(text: str, code: str) -> str:
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain else f"\033[{code}m{text}\033[0m"


def say(chinese: str, english: str) -> None:
    print(f"\n{styled(chinese, '1')}  {styled(english, '2')}", flush=True)


def _run(arguments: Sequence[str], expected: int) -> None:
    """Run one command in view of the user; anything but the expected exit code ends the demonstration."""
    print(styled(f"$ jianlu {' '.join(arguments)}", "36"), flush=True)
    done = subprocess.run([str(PROGRAM), *arguments], check=False)
    if done.returncode != expected:
        print(
            f"jianlu {arguments[0]}: exit {done.returncode}, expected {expected} / 退出码 {done.returncode}，应为 {expected}",
            file=sys.stderr,
        )
        raise SystemExit(1)


def _show_beginning(arguments: Sequence[str], whole: Path) -> None:
    """Run a command that prints pages: keep them in `whole`, show how they begin."""
    print(styled(f"$ jianlu {' '.join(arguments)}", "36"), flush=True)
    with whole.open("wb") as written:
        done = subprocess.run([str(PROGRAM), *arguments], stdout=written, check=False)
    if done.returncode:
        raise SystemExit(1)
    lines = whole.read_text(encoding="utf-8").splitlines()
    print("\n".join(lines[:LINES_SHOWN]))
    print(styled(f"  … 共 {len(lines)} 行，全文见 / {len(lines)} lines, all in {whole}", "2"))


def fresh_folder(folder: Path) -> None:
    """An empty folder; one that we did not make is never emptied."""
    if folder.exists():
        if any(folder.iterdir()) and not (folder / MARK).exists():
            print(
                f"{folder} is not empty and not ours: name another folder / 目录非空且非本程序所建，请另选目录", file=sys.stderr
            )
            raise SystemExit(2)
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def flip_a_bit(package: Path, copy: Path) -> int:
    """Copy the package with the lowest bit of the middle byte of its recording inverted; return that byte's offset."""
    with zipfile.ZipFile(package) as archive:
        entry = archive.getinfo(MEDIA_ENTRY)
    shutil.copyfile(package, copy)
    with copy.open("r+b") as stream:
        stream.seek(entry.header_offset + LOCAL_HEADER_BYTES - 4)
        lengths = stream.read(4)
        name_bytes, extra_bytes = int.from_bytes(lengths[:2], "little"), int.from_bytes(lengths[2:], "little")
        offset = entry.header_offset + LOCAL_HEADER_BYTES + name_bytes + extra_bytes + entry.compress_size // 2
        stream.seek(offset)
        byte = stream.read(1)[0]
        stream.seek(offset)
        stream.write(bytes([byte ^ 1]))
    return offset


def _reports(package: Path, folder: Path) -> list[Path]:
    """Take the reports for people out of the package."""
    folder.mkdir()
    taken = []
    with zipfile.ZipFile(package) as archive:
        for name in archive.namelist():
            if name.startswith("report/"):
                taken.append(folder / Path(name).name)
                taken[-1].write_bytes(archive.read(name))
    return taken


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration in the folder named (default `demo`); 0 when everything came out as it must."""
    named = list(sys.argv[1:] if arguments is None else arguments)
    folder = Path(named[0] if named else "demo")
    home, sample, package, sabotaged = folder / "home", folder / "sample", folder / "sale.jlp", folder / "sabotaged.jlp"
    fresh_folder(folder)
    say("一、建立信任根和空的保险库", "1. Trust roots and an empty vault")
    _run(["init", str(home)], expected=0)
    say("二、样例：一次保险销售的录音录像", "2. The sample: a recorded insurance sale")
    _run(["sample", str(sample)], expected=0)
    say("三、计划：适用哪些条款，必须留下什么", "3. Plan: which clauses apply, what must be there")
    _show_beginning(["plan", str(sample / "case.toml")], folder / "plan.txt")
    say("四、封存：切片、加密、入账、识别、判断、打包", "4. Seal: cut, encrypt, log, inspect, judge, package")
    sealing = ["seal", str(sample / "sale.mp4"), "--case", str(sample / "case.toml"), "-o", str(package), "--home", str(home)]
    _run(sealing, expected=0)
    say("五、离线核验：不需要我们的系统和密钥", "5. Verify offline: without our server, without a key")
    trust = ["--trust", str(home / "trust.json")]
    _run(["verify", str(package), *trust], expected=INTACT_AND_COMPLETE)
    offset = flip_a_bit(package, sabotaged)
    say(f"六、破坏：副本第 {offset} 字节翻转一个比特", f"6. Sabotage: one bit of byte {offset} of a copy is flipped")
    _run(["verify", str(sabotaged), *trust], expected=NOT_INTACT)
    print(f"退出码 / exit {NOT_INTACT}")
    say("完成：原件可信，被改动的副本被拒绝。请看", "Done: the original holds, the altered copy is refused. Now look at")
    for report in _reports(package, folder / "report"):
        print(f"  {report}")
    print(f"  {package}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
