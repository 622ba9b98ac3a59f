"""What codes of a session mean, in Chinese and English, for whoever sits in it.

`{}` is what the code is about, in words (`named.py`). Codes of the recorder are those of `specs/live-recording.md`.
"""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, tuple[str, str]]

BLOCK_WORDS: Words = {
    "order": ("请先完成前面的步骤", "An earlier step comes first"),
    "not_live": ("会话未在录制中", "The session is not being recorded"),
    "not_started": ("该步骤尚未开始", "This step has not begun"),
    "unhealthy": ("录制不正常", "The recording is not healthy"),
    "too_early": ("请留足阅读时间", "There must be time to read and listen"),
    "document": ("须先出示文件：{}", "A document must be shown first: {}"),
    "answer": ("还需要回答：{}", "An answer is still needed: {}"),
    "answer_stays": ("该回答不能继续，请重新说明后再问：{}", "With this answer it cannot go on; explain again and ask again: {}"),
    "consent": ("还需要表示是否同意：{}", "A decision is still needed: {}"),
    "attestation": ("还需要声明：{}", "A statement is still needed: {}"),
    "incomplete": ("还有步骤没有完成：{}", "A step is not done: {}"),
    "check": (
        "实时核对未通过，请重做该步骤或由主管准许：{}",
        "A live check was not passed; do the step again, or have a supervisor waive it: {}",
    ),
    "unknown_step": ("没有这个步骤", "There is no such step"),
    "not_yours": ("该操作不属于您的席位", "This is not for your seat to do"),
}

GATE_WORDS: Words = {
    "seat_empty": ("还在等待：{}", "Still waiting for: {}"),
    "device_untested": ("设备尚未检测：{}", "Devices not tested yet: {}"),
    "device_failed": ("设备检测未通过：{}", "Devices failed their test: {}"),
    "consent_missing": ("尚未取得同意：{}", "Consent is missing: {}"),
    "probe_failed": ("系统检查未通过：{}", "A check of the system failed: {}"),
    "recorder_failed": ("录制设备检查未通过：{}", "A check of the recorder failed: {}"),
    "recorder_away": ("录制程序没有响应：{}", "The recorder does not answer: {}"),
    "recorder_not_admitted": ("录制方 {} 尚未加入加密会话", "Recorder {} is not a member of the encrypted session"),
    "key_missing": ("还没有会话密钥：{}", "Still without the session's key: {}"),
    "no_media": ("没有收到音视频：{}", "No media arrives: {}"),
}

ALARM_WORDS: Words = {
    "recorder_away": ("录制程序没有响应", "The recorder does not answer"),
    "recorder_stopped": ("录制已停止", "The recording has stopped"),
    "sealing_stalled": ("录像没有及时封存", "What is recorded is not being sealed"),
    "second_recorder_away": ("第二路录制没有响应", "The second recorder does not answer"),
    "room_away": ("音视频服务没有响应", "The media service does not answer"),
    "tap_lost": ("录制程序与媒体服务的连接中断", "The recorder has lost the media service"),
    "uplink_lost": ("与中心的连接中断，正在本地保存", "The centre cannot be reached; what is recorded is kept here"),
    "edge_away": ("与录制网点的连接中断，网点在本地继续录制", "The edge cannot be reached; it goes on recording by itself"),
    "keys_away": ("密钥服务没有响应", "The key keeper does not answer"),
    "store_low": ("保险库磁盘空间不足", "The vault's disk is nearly full"),
    "disk_full": ("磁盘已满", "The disk is full"),
    "disk_low": ("磁盘空间不足", "The disk is nearly full"),
    "frames_sealed": ("录制方没有解密密钥：{}", "The recorder has no key that opens: {}"),
    "codec_changed": ("编码方式发生变化：{}", "The coding has changed: {}"),
    "recorder_fault": ("录制程序出现故障，已恢复", "The recorder had a fault and went on"),
    "track_lost": ("没有收到：{}", "Nothing arrives from: {}"),
    "track_silent": ("没有声音：{}", "No sound from: {}"),
    "track_frozen": ("画面静止：{}", "The picture stands still: {}"),
    "track_weak": ("信号弱：{}", "The signal is weak: {}"),
    "checker_away": ("实时核对没有响应，各项显示为未知", "The live check does not answer; its points show as unknown"),
    "clock_stepped": ("系统时钟被调整", "The system's clock was moved"),
    "pause_unconfirmed": (
        "已暂停，但录制程序尚未确认，可能仍在录制",
        "Paused, but the recorder has not confirmed it: it may still be recording",
    ),
    "unwatched": ("服务重新启动，其间无人监测录制", "The service was started anew; meanwhile nobody watched the recording"),
    "not_measured": ("尚未检测录制状态", "The recording has not been looked at yet"),
}

CHECK_WORDS: Words = {
    "not_yet": ("尚未核对", "Not looked at yet"),
    "checker_away": ("实时核对没有响应", "The live check does not answer"),
    "off": ("实时核对已关闭", "Live checks are switched off"),
    "not_covered": ("声音有缺失，无法核对", "Sound is missing there; it could not be checked"),
    "engine_absent": ("没有语音识别，无法核对", "There is no speech recognition to check with"),
    "engine_failed": ("语音识别出错，无法核对", "Speech recognition failed; it could not be checked"),
    "language_unknown": ("语音识别不支持该语言", "Speech recognition does not know this language"),
    "missing_point": ("没有听到", "It was not heard"),
    "missing_question": ("没有听到这个问题", "The question was not heard"),
    "no_answer": ("没有听到回答", "No answer was heard"),
    "refused": ("回答是否定的", "The answer was a refusal"),
    "wrong_speaker": ("不是由应当说的人说的", "Somebody else said it"),
    "before_question": ("在提问之前回答的", "It was answered before it was asked"),
    "negated": ("说的是相反的意思", "The opposite was said"),
    "scattered": ("各要点相隔太远", "The points were too far apart"),
    "forbidden": ("说了禁止的话", "Forbidden words were said"),
}
"""Why a check is not met, or not known."""

PROMPT_WORDS: Words = {
    "face_missing": ("画面中看不到人脸：{}", "No face in the picture of: {}"),
    "face_small": ("人脸太小，请靠近镜头：{}", "The face is too small; come closer to the camera: {}"),
    "picture_dark": ("画面太暗，请打开灯：{}", "The picture is too dark; put a light on: {}"),
    "voice_quiet": ("声音太小，请靠近麦克风：{}", "Too quiet; come closer to the microphone: {}"),
    "voice_noisy": ("环境太吵：{}", "Too noisy around: {}"),
}
"""What can be put right at once."""


def worded(words: Words, code: str, about: tuple[str, str] = ("", "")) -> dict[str, str]:
    """The words of a code by language, and of what it is about (`named.py`); a code without words stands for itself."""
    zh, en = words.get(code, (code + (": {}" if about[0] else ""),) * 2)
    return {"zh": zh.format(about[0]).rstrip("：: "), "en": en.format(about[1]).rstrip("：: ")}
