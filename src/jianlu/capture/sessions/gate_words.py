"""The checks of the gate in words, in Chinese and English: what is checked, and what to do next when it is not met, or nobody could look.

`{}` is the seat or the recorder that the check is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jianlu.capture.sessions.gate import GateCheck
from jianlu.capture.sessions.named import Both, seat_or_track

TITLES: Mapping[str, Both] = {
    "camera": ("摄像头：{}", "Camera: {}"),
    "microphone": ("麦克风：{}", "Microphone: {}"),
    "bandwidth": ("网络带宽：{}", "Bandwidth: {}"),
    "recorder": ("录制程序 {}", "Recorder {}"),
    "disk": ("存储空间", "Disk"),
    "keys": ("密钥服务", "Key service"),
    "ledger": ("账本", "Ledger"),
}
NEXT: Mapping[str, Both] = {
    "camera": (
        "请检查摄像头是否被遮挡、占用或未授权，然后重新检测设备",
        "See whether the camera is covered, in use or not allowed, then test devices again",
    ),
    "microphone": (
        "请检查麦克风是否静音、占用或未授权，然后重新检测设备",
        "See whether the microphone is muted, in use or not allowed, then test devices again",
    ),
    "bandwidth": (
        "请换用更好的网络，或靠近路由器后重新检测设备",
        "Use a better network, or go nearer to the router, then test devices again",
    ),
    "recorder": (
        "请稍候几秒；仍未就绪时请管理员查看录制程序",
        "Wait a few seconds; if it stays so, have the operator look at the recorder",
    ),
    "disk": ("请管理员清理磁盘空间", "Have the operator make room on the disk"),
    "keys": ("请管理员恢复密钥服务", "Have the operator bring the key service back"),
    "ledger": ("请管理员检查账本", "Have the operator look at the ledger"),
}
NOT_LOOKED: Mapping[str, Both] = {
    "camera": ("入席并完成设备检测后才能核实", "Known once somebody sits there and has tested devices"),
    "microphone": ("入席并完成设备检测后才能核实", "Known once somebody sits there and has tested devices"),
    "bandwidth": ("入席并完成设备检测后才能核实", "Known once somebody sits there and has tested devices"),
}
_SOON: Both = ("有人入席后开始检查", "Looked at as soon as somebody sits down")


def gate_checks_part(checks: Iterable[GateCheck]) -> list[dict[str, Any]]:
    """The checks as a view has them: `next` says what to do, and is empty where the check is met."""
    return [
        {
            "check": each.check,
            "about": each.about,
            "state": each.state,
            "text": _both(TITLES.get(each.check, (each.check,) * 2), _named(each)),
            "next": _both(_next(each), _named(each)),
        }
        for each in checks
    ]


def _next(check: GateCheck) -> Both:
    if check.state == "met":
        return ("", "")
    if check.state == "not_met":
        return NEXT.get(check.check, ("请管理员检查", "Have the operator look at it"))
    return NOT_LOOKED.get(check.check, _SOON)


def _named(check: GateCheck) -> Both:
    """The seat in words; recorders are A and B."""
    return (check.about.upper(),) * 2 if check.check == "recorder" else seat_or_track(check.about)


def _both(words: Both, about: Both) -> dict[str, str]:
    zh, en = words
    return {"zh": zh.format(about[0]), "en": en.format(about[1])}
