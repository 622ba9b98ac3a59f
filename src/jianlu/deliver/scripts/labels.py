"""The words around a script: kinds of step, what an answer does, consents, problems of a draft and what rules still lack.

Words only; facts, roles and codes are `deliver/plans/labels.py`.
"""

from __future__ import annotations

from jianlu.deliver.plans.labels import Words

KINDS: Words = {
    "say": ("说明", "Say"),
    "ask": ("询问", "Ask"),
    "show": ("出示", "Show"),
    "sign": ("签署", "Sign"),
    "consent": ("征得同意", "Consent"),
}
EFFECTS: Words = {
    "go_on": ("继续", "goes on"),
    "stay": ("停在本环节", "stays at this step"),
    "end": ("结束办理", "ends the talk"),
}
CONSENTS: Words = {
    "recording": ("录音录像", "recording"),
    "face": ("人脸信息", "face information"),
    "voice": ("声纹信息", "voice information"),
    "sharing": ("对外提供", "sharing"),
    "export": ("出境提供", "export"),
    "training": ("用于培训", "training"),
    "research": ("用于研究", "research"),
    "marketing": ("用于营销", "marketing"),
}
FIELDS: Words = {
    "title": ("环节名称", "heading"),
    "kind": ("类别", "kind"),
    "speaker": ("由谁说", "spoken by"),
    "when": ("适用条件", "applies when"),
    "say": ("话术", "what is said"),
    "prompt": ("给坐席的提示", "advice to the speaker"),
    "min_read": ("最短用时", "takes at least"),
    "documents": ("须出示的文件", "documents to be shown"),
    "answers": ("须回答的问题", "questions to be answered"),
    "consents": ("须征得的同意", "consents to be asked for"),
    "covers": ("对应的规则要求", "what the rules demand here"),
    "attests": ("须由人员声明的条款", "clauses to be attested"),
    "place": ("次序", "place"),
}
PROBLEMS: Words = {
    "text_zh": ("缺少中文。", "The Chinese text is missing."),
    "text_en": ("缺少英文。", "The English text is missing."),
    "text_long": ("超过{about}字，请分成几句。", "Longer than {about} characters: make several sentences of it."),
    "fact_unknown": ("花括号里的“{about}”不是案件事实。", "“{about}” in braces is no fact of a case."),
    "braces": ("花括号不成对。", "Braces do not match."),
    "steps_count": ("话术要有1到{about}个环节。", "A script has 1 to {about} steps."),
    "step_empty": (
        "这个环节没有内容：写一句话、一份文件或一个问题。",
        "Nothing happens here: add a sentence, a document or a question.",
    ),
    "kind": ("请选择类别。", "Choose a kind."),
    "seat": ("请选择由谁来。", "Choose who it is."),
    "duration": ("时间是0到3600秒之间的数。", "A time is a number of 0 to 3600 seconds."),
    "condition": ("适用条件写得不对。", "The condition is malformed."),
    "document_unknown": ("话术里没有文件“{about}”。", "The script has no document “{about}”."),
    "consent_unknown": ("没有“{about}”这项同意。", "There is no consent “{about}”."),
    "effect": ("请选择这个回答的结果。", "Choose what this answer does."),
    "no_way_on": ("至少要有一个回答能继续办理。", "At least one answer must let the talk go on."),
    "code": ("编号是小写字母开头的字母、数字和下划线。", "A code is lower-case letters, digits and underscores, a letter first."),
    "twice": ("编号“{about}”重复。", "The code “{about}” is there twice."),
    "other": ("{about}", "{about}"),
}
LACKS: Words = {
    "no_step": ("没有环节完成“{citation}”要求的内容：{says}", "No step carries out what “{citation}” demands: {says}"),
    "not_said": (
        "“{citation}”要求说出“{says}”，本环节的话术里没有。",
        "“{citation}” demands the words “{says}”, which are missing here.",
    ),
    "forbidden": ("话术里有“{citation}”禁止的说法：“{says}”。", "The script says what “{citation}” forbids: “{says}”."),
    "no_attestation": (
        "“{citation}”须由人员声明，没有环节要求声明。",
        "“{citation}” must be attested by a person; no step asks for it.",
    ),
    "no_case": ("这类案件无法使用本话术：{about}", "No case of this kind can use the script: {about}"),
}
ONLY_WHEN = ("（{facts}时）", " (when {facts})")
