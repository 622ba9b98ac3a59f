"""Codes of what can be wrong with a package, with their texts in Chinese and English.

Which of them break integrity is decided in `_problem.py`. A code, once published, keeps its meaning.
"""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Every problem code; those below `CLAUSE_*` do not break integrity."""

    CONTAINER = "container_malformed"
    MANIFEST = "manifest_malformed"
    SIGNATURE = "signature_invalid"
    SIGNER = "signer_not_trusted"
    VERIFIER = "verifier_not_published"
    ENTRY_MISSING = "entry_missing"
    ENTRY_EXTRA = "entry_extra"
    ENTRY_ALTERED = "entry_altered"
    DOCUMENT = "document_malformed"
    CHECKPOINT = "checkpoint_invalid"
    CHECKPOINT_FORKED = "checkpoint_forked"
    CHECKPOINT_AHEAD = "checkpoint_ahead"
    CHECKPOINT_UNPROVEN = "checkpoint_unproven"
    ANCHOR = "anchor_invalid"
    STAMP = "stamp_invalid"
    COSIGNATURE = "cosignature_invalid"
    WITNESSES = "witnesses_too_few"
    EVENTS_MALFORMED = "events_malformed"
    EVENT_NOT_LOGGED = "event_not_logged"
    EVENTS_BROKEN = "events_broken"
    CASE_NOT_CLOSED = "case_not_closed"
    SEGMENT_MISSING = "segment_missing"
    SEGMENT_ALTERED = "segment_altered"
    SEGMENTS_OUT_OF_ORDER = "segments_out_of_order"
    OBJECT_MISSING = "object_missing"
    OBJECT_ALTERED = "object_altered"
    OBJECT_EXTRA = "object_extra"
    MEDIA_ALTERED = "media_altered"
    MEDIA_LENGTH = "media_length_differs"
    COMMITMENT = "commitment_does_not_open"
    PACK_ALTERED = "pack_altered"
    PHRASES_DO_NOT_FOLLOW = "phrases_do_not_follow"
    VERDICTS_DO_NOT_FOLLOW = "verdicts_do_not_follow"
    CERTIFICATE = "certificate_malformed"
    NOT_DESTROYED = "destruction_not_completed"
    DESTROYED_EARLY = "destroyed_before_its_term"
    DESTROYED_HELD = "destroyed_under_a_hold"
    CLAUSE_NOT_MET = "clause_not_met"
    CLAUSE_NOT_EVIDENCED = "clause_not_evidenced"


TEXTS: dict[Code, tuple[str, str]] = {
    Code.CONTAINER: (
        "文件容器不符合规范（被截断、追加、重复或夹带内容）",
        "the container is malformed (cut, appended to, doubled or stuffed)",
    ),
    Code.MANIFEST: ("清单缺失或格式错误", "the manifest is missing or malformed"),
    Code.SIGNATURE: ("清单签名无效", "the manifest's signature does not hold"),
    Code.SIGNER: ("签名方不在信任名单中", "the signer is not in the trust file"),
    Code.VERIFIER: ("包内验证程序不是公布的版本", "the verifier inside is not a published one"),
    Code.ENTRY_MISSING: ("缺少文件", "an entry is missing"),
    Code.ENTRY_EXTRA: ("多出清单之外的文件", "an entry is not in the manifest"),
    Code.ENTRY_ALTERED: ("文件内容被改动", "an entry was altered"),
    Code.DOCUMENT: ("文档格式错误", "a document is malformed"),
    Code.CHECKPOINT: ("账本检查点无效", "the ledger checkpoint does not hold"),
    Code.CHECKPOINT_FORKED: (
        "账本与已保存的检查点不是同一历史（分叉或回滚）",
        "the ledger has another history than the saved checkpoint (fork or rollback)",
    ),
    Code.CHECKPOINT_AHEAD: (
        "已保存的检查点比本包更新，且未附一致性证明",
        "the saved checkpoint is newer than the package and no consistency proof is appended to it",
    ),
    Code.CHECKPOINT_UNPROVEN: (
        "本包无法证明与已保存检查点一致",
        "the package cannot prove consistency with the saved checkpoint",
    ),
    Code.ANCHOR: (
        "时间与见证所用的检查点无效，或属于另一历史",
        "a checkpoint with time stamps or cosignatures does not hold, or is of another history",
    ),
    Code.STAMP: ("时间戳无效", "a time stamp does not hold"),
    Code.COSIGNATURE: ("见证者的副署无效", "a witness's cosignature does not hold"),
    Code.WITNESSES: ("副署的见证者少于信任文件的要求", "fewer witnesses cosigned than the trust file demands"),
    Code.EVENTS_MALFORMED: ("事件记录格式错误", "the events are malformed"),
    Code.EVENT_NOT_LOGGED: ("事件不在账本中", "an event is not in the ledger"),
    Code.EVENTS_BROKEN: ("事件链断裂（缺失、重复或改动）", "the case's chain of events is broken"),
    Code.CASE_NOT_CLOSED: (
        "案件没有结束事件，末尾被截断或账本被回滚",
        "the case has no closing event: its tail was cut or the ledger rolled back",
    ),
    Code.SEGMENT_MISSING: ("缺少录制片段", "a segment is missing"),
    Code.SEGMENT_ALTERED: ("录制片段被改动或替换", "a segment was altered or replaced"),
    Code.SEGMENTS_OUT_OF_ORDER: ("录制片段次序不符", "the segments are out of order"),
    Code.OBJECT_MISSING: ("缺少密封对象", "a sealed object is missing"),
    Code.OBJECT_ALTERED: ("密封对象被改动或替换", "a sealed object was altered or replaced"),
    Code.OBJECT_EXTRA: ("多出账本中没有的密封对象", "a sealed object is unknown to the ledger"),
    Code.MEDIA_ALTERED: ("可播放录像与账本不符", "the playable recording differs from the ledger"),
    Code.MEDIA_LENGTH: (
        "可播放录像的长度与账本不符（追加或截断）",
        "the playable recording is longer or shorter than the ledger says",
    ),
    Code.COMMITMENT: ("内容与账本中的承诺不符", "a document does not open its commitment"),
    Code.PACK_ALTERED: ("规则包与计划所用的不同", "a rule pack differs from the one in the plan"),
    Code.PHRASES_DO_NOT_FOLLOW: ("用语发现不能由转写得出", "the phrase findings do not follow from the transcripts"),
    Code.VERDICTS_DO_NOT_FOLLOW: ("结论不能由计划、事件和发现得出", "the verdicts do not follow from plan, events and findings"),
    Code.CERTIFICATE: ("销毁证明格式错误", "the certificate is malformed"),
    Code.NOT_DESTROYED: (
        "账本中没有两人启动并完成销毁的记录",
        "the ledger does not say that two people started the destruction and that it was completed",
    ),
    Code.DESTROYED_EARLY: ("保存期限未满即销毁", "it was destroyed before its term ended"),
    Code.DESTROYED_HELD: ("在法律保全期间销毁", "it was destroyed while a hold stood"),
    Code.CLAUSE_NOT_MET: ("条款未满足", "a clause is not met"),
    Code.CLAUSE_NOT_EVIDENCED: ("条款未能证明", "a clause is not evidenced"),
}
"""(Chinese, English) by code."""
