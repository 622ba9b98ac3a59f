"""Words of a live session's codes, in Chinese and English: purposes of consent, ways of answering, reasons, checks, alarms.

Words only; which codes there are is decided where they are written. A code without a word is shown as it is.
"""

from __future__ import annotations

from jianlu.deliver.plans.labels import Words

CONSENT_PURPOSES: Words = {
    "recording": ("录音录像", "recording"),
    "face": ("人脸检测", "face inspection"),
    "voice": ("声纹使用", "use of the voiceprint"),
    "sharing": ("向第三方提供", "sharing with third parties"),
    "export": ("导出与出境", "export"),
    "guardian": ("监护人同意", "the guardian's consent"),
}

SESSION_CODES: Words = {
    "ok": ("正常", "ok"),
    "failed": ("未通过", "failed"),
    "skipped": ("未检", "skipped"),
    "camera": ("摄像头", "camera"),
    "microphone": ("麦克风", "microphone"),
    "speaker": ("扬声器", "speaker"),
    "bandwidth": ("带宽", "bandwidth"),
    "disk": ("磁盘空间", "disk space"),
    "keys": ("密钥服务", "key service"),
    "ledger": ("账本", "ledger"),
    "recorder": ("录制端", "recorder"),
    "packets": ("媒体数据", "media packets"),
    "key_frame": ("关键帧", "key frame"),
    "level": ("音量", "sound level"),
    "desk": ("封存服务", "sealing service"),
    "click": ("点击", "by click"),
    "spoken": ("口头", "spoken"),
    "invitation": ("凭邀请", "by invitation"),
    "account": ("凭账号", "by account"),
    "handover": ("交接", "hand-over"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "screen": ("屏幕", "screen"),
    "document": ("文件", "document"),
    "whiteboard": ("白板", "whiteboard"),
    "completed": ("已完成", "completed"),
    "refused": ("客户拒绝", "refused"),
    "halted": ("因录制异常中止", "halted because the recording failed"),
    "abandoned": ("放弃", "abandoned"),
    "not_current": ("尚未轮到", "not its turn yet"),
    "out_of_order": ("次序不符", "out of order"),
    "too_early": ("未满最短阅读时间", "before the minimum reading time"),
    "min_read": ("未满最短阅读时间", "before the minimum reading time"),
    "document_not_shown": ("文件未出示", "document not shown"),
    "answer_missing": ("问题未作答", "question not answered"),
    "consent_missing": ("尚未取得同意", "consent not given"),
    "connection_lost": ("连接中断", "the connection was lost"),
    "packets_lost": ("数据丢失", "packets were lost"),
    "recorder_restarted": ("录制端重启", "the recorder was restarted"),
    "sealing_stalled": ("封存受阻", "sealing stalled"),
    "paused": ("暂停", "paused"),
    "muted": ("静音", "muted"),
    "source_absent": ("没有信号源", "there was no source"),
    "lost": ("信号中断", "no signal"),
    "weak": ("信号弱", "weak signal"),
    "silent": ("没有声音", "silent"),
    "frozen": ("画面静止", "frozen"),
    "drift": ("音画漂移", "sound and picture drift"),
    "stalled": ("停滞", "stalled"),
    "zh": ("中文", "Chinese"),
    "en": ("英文", "English"),
}
