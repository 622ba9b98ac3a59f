"""The words of a rendered plan, in Chinese and English: headings, codes of facts, roles, parts, triggers and marks.

Words only. What a plan says of the law comes from the packs; nothing about it is written here.
"""

from __future__ import annotations

from collections.abc import Mapping

LANGS = ("zh", "en")

Words = Mapping[str, tuple[str, str]]

HEADINGS: Words = {
    "plan": ("录制方案", "Recording plan"),
    "case": ("案件事实", "Facts of the case"),
    "packs": ("适用的规则包", "Rule packs that apply"),
    "steps": ("对话中须完成的环节（按先后）", "What must happen in the conversation (in order)"),
    "throughout": ("全程要求", "What holds throughout"),
    "attested": ("须由人员声明的事项", "What a person must attest"),
    "retention": ("保管期限", "How long it is kept"),
    "handling": ("分级与存放地点", "Level, and where it is kept"),
    "conflicts": ("规则冲突及处理", "Rules that pull apart, and what is done"),
    "out_of_scope": ("适用但不在本方案判定范围内的条款", "Clauses that apply but are not judged by this plan"),
    "reading": ("阅读说明", "How to read this"),
}

FACTS: Words = {
    "case.on": ("日期", "Date"),
    "case.place": ("地点", "Place"),
    "case.channel": ("渠道", "Channel"),
    "case.institution": ("机构简称", "Institution"),
    "case.institution_kind": ("机构类型", "Kind of institution"),
    "product.kind": ("业务种类", "Kind of business"),
    "product.design": ("产品类型", "Design"),
    "product.name": ("产品名称", "Product"),
    "product.insurer": ("承保公司", "Insurer"),
    "product.term_years": ("保险期间（年）", "Term (years)"),
    "product.term_months": ("保险期间（月）", "Term (months)"),
    "product.payment": ("缴费方式", "Payment"),
    "product.pay_years": ("缴费期间（年）", "Paying period (years)"),
    "product.premium_yuan": ("每期保费（元）", "Premium per payment (yuan)"),
    "product.cooling_off_days": ("犹豫期（天）", "Cooling-off period (days)"),
    "product.waiting_days": ("观察期（天）", "Waiting period (days)"),
    "product.benefits": ("保险金", "Benefits"),
    "product.death_benefit": ("以死亡为给付条件", "Death benefit"),
    "product.amount_yuan": ("金额（元）", "Amount (yuan)"),
    "product.rate": ("利率", "Rate"),
    "product.purpose": ("用途", "Purpose"),
    "product.risk_level": ("产品风险等级", "Risk level of the product"),
    "customer.type": ("客户类型", "Customer"),
    "customer.age": ("客户年龄", "Age"),
    "customer.insured": ("被保险人", "Insured"),
    "customer.residence": ("客户居住地", "Customer lives in"),
    "customer.relationship": ("业务关系", "Business relationship"),
    "customer.acts_for_another": ("代他人办理", "Acts for another person"),
    "customer.investor": ("投资者类别", "Investor"),
    "customer.risk_level": ("客户风险承受能力", "Risk tolerance"),
    "session.medium": ("录制方式", "Medium"),
    "session.biometrics": ("生物识别", "Biometrics"),
    "session.language": ("语言", "Language"),
    "session.asks_agreement": ("征求同意录音", "Asks for agreement"),
    "session.card_entry": ("会话中录入银行卡信息", "Card data are taken"),
    "session.e_signature": ("使用电子签名", "Signed electronically"),
    "system.protection_level": ("系统安全保护等级", "Protection level of the system"),
    "system.entrusted": ("委托或提供给其他处理者", "Entrusted or provided to others"),
    "system.storage_place": ("存储地点", "Stored in"),
    "medical.setting": ("诊疗方式", "Setting"),
}

CODES: Words = {
    "bank_counter": ("银行营业网点柜面", "bank counter"),
    "bank_terminal": ("银行自助终端", "bank self-service terminal"),
    "other_agency": ("其他兼业代理机构", "other part-time agency"),
    "insurance_agent": ("保险代理人", "insurance agent"),
    "insurer_counter": ("保险公司柜面", "insurer's counter"),
    "broker": ("保险经纪", "broker"),
    "telephone": ("电话", "telephone"),
    "internet": ("互联网", "internet"),
    "remote_video": ("远程视频", "remote video"),
    "hospital": ("医疗机构", "hospital"),
    "securities_branch": ("证券营业部", "securities firm's branch"),
    "bank": ("银行", "bank"),
    "insurer": ("保险公司", "insurer"),
    "securities_firm": ("证券公司", "securities firm"),
    "fund_manager": ("基金管理公司", "fund manager"),
    "payment_firm": ("支付机构", "payment firm"),
    "broker_dealer": ("美国注册经纪交易商", "US-registered broker-dealer"),
    "investment_firm": ("欧盟投资公司", "EU investment firm"),
    "other_firm": ("其他机构", "other firm"),
    "life_insurance": ("人寿保险", "life insurance"),
    "health_insurance": ("健康保险", "health insurance"),
    "accident_insurance": ("意外伤害保险", "accident insurance"),
    "wealth_management": ("银行理财产品", "wealth management product"),
    "fund": ("公募基金", "fund"),
    "trust": ("信托产品", "trust"),
    "treasury_bond": ("国债", "treasury bond"),
    "physical_bullion": ("实物贵金属", "physical bullion"),
    "investment_service": ("投资服务", "investment service"),
    "medical_consult": ("诊疗", "medical consultation"),
    "bank_account": ("银行账户", "bank account"),
    "loan": ("贷款", "loan"),
    "funds_transfer": ("转账汇款", "funds transfer"),
    "other": ("其他", "other"),
    "ordinary": ("普通型", "ordinary"),
    "participating": ("分红型", "participating"),
    "universal": ("万能型", "universal"),
    "unit_linked": ("投资连结型", "unit-linked"),
    "annual": ("按年缴", "annual"),
    "monthly": ("按月缴", "monthly"),
    "single": ("一次缴清", "single"),
    "individual": ("个人", "individual"),
    "new": ("新建业务关系", "new"),
    "existing": ("已有业务关系", "existing"),
    "occasional": ("一次性业务", "occasional"),
    "professional": ("专业投资者", "professional"),
    "group": ("团体", "group"),
    "legal_person": ("法人", "legal person"),
    "R1": ("R1（低风险）", "R1 (low)"),
    "R2": ("R2（中低风险）", "R2 (medium low)"),
    "R3": ("R3（中风险）", "R3 (medium)"),
    "R4": ("R4（中高风险）", "R4 (medium high)"),
    "R5": ("R5（高风险）", "R5 (high)"),
    "C1": ("C1（低）", "C1 (low)"),
    "C2": ("C2（中低）", "C2 (medium low)"),
    "C3": ("C3（中）", "C3 (medium)"),
    "C4": ("C4（中高）", "C4 (medium high)"),
    "C5": ("C5（高）", "C5 (high)"),
    "self": ("投保人本人", "the applicant"),
    "video": ("录音录像", "sound and picture"),
    "audio": ("录音", "sound"),
    "face": ("人脸", "face"),
    "voice": ("声纹", "voice"),
    "zh": ("普通话", "Mandarin"),
    "en": ("英语", "English"),
    "outpatient": ("门诊", "out-patient"),
    "inpatient": ("住院", "in-patient"),
    "online": ("互联网诊疗", "online"),
}

PLACES: Words = {
    "CN": ("中国", "China"),
    "CN-11": ("北京", "Beijing"),
    "CN-12": ("天津", "Tianjin"),
    "CN-13": ("河北", "Hebei"),
    "CN-14": ("山西", "Shanxi"),
    "CN-15": ("内蒙古", "Inner Mongolia"),
    "CN-21": ("辽宁", "Liaoning"),
    "CN-22": ("吉林", "Jilin"),
    "CN-23": ("黑龙江", "Heilongjiang"),
    "CN-31": ("上海", "Shanghai"),
    "CN-32": ("江苏", "Jiangsu"),
    "CN-33": ("浙江", "Zhejiang"),
    "CN-34": ("安徽", "Anhui"),
    "CN-35": ("福建", "Fujian"),
    "CN-36": ("江西", "Jiangxi"),
    "CN-37": ("山东", "Shandong"),
    "CN-41": ("河南", "Henan"),
    "CN-42": ("湖北", "Hubei"),
    "CN-43": ("湖南", "Hunan"),
    "CN-44": ("广东", "Guangdong"),
    "CN-45": ("广西", "Guangxi"),
    "CN-46": ("海南", "Hainan"),
    "CN-50": ("重庆", "Chongqing"),
    "CN-51": ("四川", "Sichuan"),
    "CN-52": ("贵州", "Guizhou"),
    "CN-53": ("云南", "Yunnan"),
    "CN-54": ("西藏", "Xizang"),
    "CN-61": ("陕西", "Shaanxi"),
    "CN-62": ("甘肃", "Gansu"),
    "CN-63": ("青海", "Qinghai"),
    "CN-64": ("宁夏", "Ningxia"),
    "CN-65": ("新疆", "Xinjiang"),
}
"""Provinces by the digits of GB/T 2260."""

CODES_OF: Mapping[str, Words] = {
    "customer.insured": {"other": ("他人", "another person")},
    "customer.investor": {"ordinary": ("普通投资者", "ordinary")},
    "case.place": PLACES,
    "customer.residence": PLACES,
    "system.storage_place": PLACES,
}
"""Codes that mean something in one fact, or something else there."""

ROLES: Words = {
    "agent": ("销售人员", "agent"),
    "customer": ("客户", "customer"),
    "interpreter": ("翻译", "interpreter"),
    "guardian": ("监护人", "guardian"),
    "witness": ("见证人", "witness"),
    "reviewer": ("复核人员", "reviewer"),
    "mixed": ("混合音轨", "mixed track"),
    "supervisor": ("主管", "supervisor"),
    "picture": ("画面", "picture"),
    "screen": ("共享内容", "shared screen"),
    "recorder": ("录制端", "recorder"),
    "source": ("全部音画", "all tracks"),
}

ROLES_MEDICAL: Words = {"agent": ("医师", "physician"), "customer": ("患者", "patient")}

PARTS: Words = {
    "recording": ("录像录音", "recording"),
    "transcript": ("转写文本", "transcript"),
    "findings": ("检验结果", "findings"),
    "biometric": ("生物特征", "biometric templates"),
    "consent": ("同意记录", "consents"),
    "ledger": ("账本记录", "ledger"),
}

OBJECTS: Words = {
    "recording": ("录像录音", "recording"),
    "transcript": ("转写文本", "transcript"),
    "findings": ("检验结果", "findings"),
    "biometric": ("生物特征模板", "biometric templates"),
    "identity": ("当事人身份资料", "who the people are"),
    "document": ("提交的文件", "documents put in"),
    "consent": ("同意和声明", "consents and statements"),
    "message": ("会话中的文字", "messages of the session"),
}
"""Kinds of sealed objects, as `handle_as` names them."""

CLASSES: Words = {
    "business": ("业务数据", "business data"),
    "personal": ("个人信息", "personal information"),
    "sensitive": ("敏感个人信息", "sensitive personal information"),
    "medical": ("健康医疗数据", "health data"),
    "biometric": ("生物识别信息", "biometric data"),
    "unclassified": ("未分类", "unclassified"),
}

TRIGGERS: Words = {
    "recording_time": ("录制之日", "day of the recording"),
    "product_end": ("产品终止日", "end of the product"),
    "contract_end": ("合同终止日", "end of the contract"),
    "relationship_end": ("业务关系终止日", "end of the relationship"),
    "transaction_end": ("交易完成日", "end of the transaction"),
    "purpose_end": ("处理目的实现之日", "day the purpose is served"),
    "last_visit": ("最后一次就诊日", "last visit"),
    "last_discharge": ("最后一次出院日", "last discharge"),
    "dispute_start": ("纠纷发生日", "start of a dispute"),
    "dispute_end": ("纠纷结束日", "end of a dispute"),
    "regulator_request": ("监管机构要求之日", "the authority's request"),
}

MARKS: Words = {
    "V": ("已读条文", "text read"),
    "S": ("据二手资料", "secondary source"),
    "K": ("凭已有认识", "own knowledge"),
    "U": ("不确定", "uncertain"),
}

CONFIDENCES: Words = {
    "verified": ("已经官网复核", "checked on the official site"),
    "unverified": ("未经官网复核", "not checked on the official site"),
}

READING: Words = {
    "confidence": (
        (
            "“未经官网复核”：尚无人对照官方网站逐字核对该条文、数字和日期，正式使用前须由合规人员核对。"
            "“已读条文”指读过条文的转载或摘录，“据二手资料”指报道或解读，“凭已有认识”指未重读条文。"
        ),
        (
            '"Not checked on the official site": nobody has compared the clause, its numbers and dates with the official text; compliance'
            ' must do so before use. "Text read" means a reprint or excerpt was read, "secondary source" a report or commentary,'
            ' "own knowledge" that the text was not re-read.'
        ),
    ),
    "technical": (
        "带“技术阈值”的数字不是法规规定，而是把“清晰”“同步”等要求变成可测量的取值，理由写在规则包的“取值”一节。",
        (
            'Numbers marked "technical" are not the law\'s: they turn demands such as "identifiable" into something measurable. The reasons'
            " are in the pack's values."
        ),
    ),
    "open": (
        "“待定”：起算日尚未发生或尚未录入，在此之前一直保管。",
        '"Open": the date from which the term runs is not known yet; until then it is kept.',
    ),
    "phrases": (
        "引号内是第一种说法；同义说法和容许的近音见规则包。三种结论为：满足、未满足、未能证明；“未能证明”不等于满足。",
        (
            "Quoted is the first wording; other wordings and sounds that are tolerated are in the pack. The answers are met, not met"
            ' and not evidenced; "not evidenced" never counts as met.'
        ),
    ),
}


def word(words: Words, code: str, lang: str) -> str:
    """The word for `code` in `lang`; a code without a word is shown as it is."""
    return words[code][LANGS.index(lang)] if code in words else code
