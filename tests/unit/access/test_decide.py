"""Decisions: deny by default, errors deny, a denial says rule, clause and next step, sensitive looks wait for the record."""

from __future__ import annotations

import pytest

from jianlu.core.errors import DeniedError, InvalidError, UnavailableError
from jianlu.core.terms.ids import TenantId
from jianlu.govern.access.model import AccessDeniedError, Attribute, Resource, Standing, tenant_wide
from jianlu.govern.access.policies import read_policies
from jianlu.govern.identity.model import Participant, Role, Staff
from tests.fakes.access.worlds import HandedOut, MemoryLog, plain_access
from tests.fakes.sessions.world import AGENT, COMPLIANCE, OTHER_AGENT, SUPERVISOR, participant, staff
from tests.fakes.vault.home import TENANT
from tests.unit.access.test_policies import DEFAULT, NOTES

CASE = "c" + "a2" * 13
REVIEWER, AUDITOR, REGULATOR = (staff(role.value, role) for role in (Role.REVIEWER, Role.AUDITOR, Role.REGULATOR))
ADMINISTRATORS = tuple(
    staff(role.value, role) for role in (Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR)
)


def case(**changes: Attribute) -> Resource:
    attributes: dict[str, Attribute] = {
        "ref": CASE,
        "owner": AGENT.account.id,
        "maker": AGENT.account.id,
        "branch": "",
        "place": "CN-31",
        "level": 3,
        "state": "sealed",
        "given": (),
    }
    return Resource("case", CASE, TenantId(TENANT), {**attributes, **changes})


def test_an_agent_reads_and_plays_the_case_that_they_led_and_no_other() -> None:
    access = plain_access()
    assert access.decide(AGENT, "case.play", case()).policies == ("case-of-its-agent",)
    denied = access.decide(OTHER_AGENT, "case.play", case())
    assert not denied.is_allowed and denied.policies == ("deny-by-default",) and denied.clauses
    assert "supervisor" in denied.next_step and "主管" in denied.next_step_zh


@pytest.mark.parametrize("who", ADMINISTRATORS)
@pytest.mark.parametrize("action", ["case.read", "case.play", "case.reveal", "package.export", "session.read", "case.search"])
def test_no_administrator_sees_a_case(who: Staff, action: str) -> None:
    assert not plain_access().decide(who, action, case()).is_allowed


def test_what_no_statement_knows_is_denied() -> None:
    access = plain_access()
    assert not access.decide(COMPLIANCE, "case.burn", case()).is_allowed
    assert not access.decide(COMPLIANCE, "case.read", Resource("parcel", "1", TenantId(TENANT))).is_allowed


def test_an_error_while_deciding_denies() -> None:
    access = plain_access()
    lacking = Resource("case", CASE, TenantId(TENANT), {"owner": AGENT.account.id})
    assert not access.decide(AGENT, "case.read", lacking).is_allowed, "the level cannot be compared"
    assert not access.decide(AGENT, "case.read", case(level="three")).is_allowed


def test_of_several_cases_asked_about_at_once_each_has_its_own_answer() -> None:
    """One that cannot be asked about, or comes twice, closes or opens no other."""
    access = plain_access()
    others = [case(), case(owner="account-zhou", maker="account-zhou"), case(level="three"), case(level=9)]
    asked = [Resource(each.kind, f"{CASE[:-1]}{number}", each.tenant, each.attributes) for number, each in enumerate(others)]
    broken = Resource("case", f"{CASE[:-1]}x", TenantId(TENANT), {**case().attributes, "level": object()})  # type: ignore[dict-item]
    for some in (asked, [*asked, asked[0]], [*asked, broken]):
        assert access.decide_each(AGENT, "case.read", some) == [access.decide(AGENT, "case.read", each) for each in some]
    assert [each.is_allowed for each in access.decide_each(AGENT, "case.read", asked)][:3] == [True, False, False]
    assert access.decide_each(AGENT, "case.read", []) == []


def test_a_forbidding_statement_that_fails_does_not_open_what_another_permits() -> None:
    schema = """
    entity Staff = { account: String };
    entity Case = { level: Long };
    action "case.read" appliesTo { principal: [Staff], resource: [Case], context: {} };
    """
    permit = f'@id("all")\n{NOTES}permit(principal, action, resource);'
    forbid = f'@id("high")\n{NOTES}forbid(principal, action, resource is Case) when {{ resource.level > 3 }};'
    access = plain_access(policies=read_policies({"a.cedar": DEFAULT + permit + forbid}, schema))
    assert access.decide(AGENT, "case.read", case(level=2)).is_allowed
    assert not access.decide(AGENT, "case.read", case(level=4)).is_allowed
    assert not access.decide(AGENT, "case.read", Resource("case", CASE, TenantId(TENANT))).is_allowed


@pytest.mark.parametrize(
    ("action", "purpose"), [("read", ""), ("case.read.more", ""), ("Case.read", ""), ("case.read", "gossip")]
)
def test_what_is_no_action_or_purpose_is_wrong(action: str, purpose: str) -> None:
    with pytest.raises(InvalidError):
        plain_access().decide(AGENT, action, case(), purpose=purpose)


def test_level_branch_and_place_narrow_what_a_role_opens() -> None:
    grants = HandedOut()
    access = plain_access(grants=grants)
    grants.standings[SUPERVISOR.account.id] = Standing("pudong", "CN-31", 3)
    assert access.decide(SUPERVISOR, "case.play", case(branch="pudong")).is_allowed
    assert not access.decide(SUPERVISOR, "case.play", case(branch="xuhui")).is_allowed
    above = access.decide(SUPERVISOR, "case.read", case(branch="pudong", level=4))
    assert above.policies == ("level-above-standing",) and "level" in above.next_step
    grants.standings[COMPLIANCE.account.id] = Standing("", "US", 5)
    assert access.decide(COMPLIANCE, "case.play", case()).policies == ("across-the-border",)
    assert access.decide(COMPLIANCE, "case.play", case(place="CN")).policies == ("across-the-border",)
    assert access.decide(COMPLIANCE, "case.play", case(place="US-NY")).is_allowed
    for place in ("CN-HK", "CN-MO", "CN-TW"):
        grants.standings[COMPLIANCE.account.id] = Standing("", place, 5)
        assert access.decide(COMPLIANCE, "case.play", case()).policies == ("across-the-border",), place
        assert access.decide(COMPLIANCE, "case.play", case(place="CN-HK")).is_allowed, (
            "what is not of the mainland does not leave it"
        )
    grants.standings[COMPLIANCE.account.id] = Standing("", "CN", 5)
    assert access.decide(COMPLIANCE, "case.play", case()).is_allowed


def test_another_tenant_sees_nothing_whatever_the_role() -> None:
    theirs = Resource("case", CASE, TenantId("bank-b"), case().attributes)
    assert plain_access().decide(COMPLIANCE, "case.read", theirs).policies == ("other-tenant",)


def test_nobody_reviews_their_own_case() -> None:
    both = staff("lin", Role.AGENT, Role.REVIEWER)
    access = plain_access()
    review = Resource("review", "1", TenantId(TENANT), {"owner": both.account.id, "maker": "", "reviewer": both.account.id})
    assert access.decide(both, "review.decide", review).policies == ("review-never-of-ones-own",)
    assert access.decide(REVIEWER, "review.decide", review).is_allowed
    assert not access.decide(REVIEWER, "case.play", case(state="live")).is_allowed
    assert access.decide(REVIEWER, "case.play", case()).is_allowed


def test_an_auditor_plays_for_the_purpose_alone_and_changes_nothing() -> None:
    access = plain_access()
    assert access.decide(AUDITOR, "case.read", case()).is_allowed
    assert not access.decide(AUDITOR, "case.play", case()).is_allowed
    assert access.decide(AUDITOR, "case.play", case(), purpose="audit").is_allowed
    for action in ("session.lead", "session.take_part", "session.supervise", "script.propose", "review.decide", "case.make"):
        assert not access.decide(AUDITOR, action, case()).is_allowed
        assert not access.decide(AUDITOR, action, tenant_wide(TenantId(TENANT))).is_allowed


def test_an_inspection_opens_no_case_that_it_did_not_draw_whatever_other_roles_it_has() -> None:
    both = staff("both", Role.REGULATOR, Role.SUPERVISOR)
    for who in (REGULATOR, both):
        assert not plain_access().decide(who, "case.read", case()).is_allowed
        assert not plain_access().decide(who, "case.play", case(), purpose="inspection").is_allowed


def test_training_with_a_recording_takes_the_customers_consent() -> None:
    access = plain_access()
    assert access.decide(SUPERVISOR, "case.play", case(), purpose="training").policies == ("play-needs-consent-for-training",)
    assert access.decide(SUPERVISOR, "case.play", case(given=("training",)), purpose="training").is_allowed
    for action, purpose in (("case.play", "marketing"), ("case.reveal", "research"), ("case.reveal", "training")):
        denied = access.decide(SUPERVISOR, action, case(given=("sharing",)), purpose=purpose)
        assert denied.policies == ("play-needs-consent-for-training",), (action, purpose)
        assert access.decide(SUPERVISOR, action, case(given=(purpose,)), purpose=purpose).is_allowed
    search = Resource("search", "a question", TenantId(TENANT))
    assert access.decide(SUPERVISOR, "search.run", search, purpose="marketing").policies == ("no-search-for-what-takes-consent",)
    assert access.decide(SUPERVISOR, "search.run", search, purpose="supervision").is_allowed


@pytest.mark.parametrize(
    ("place", "recipient", "given", "rule"),
    [
        ("CN", "subject", (), ""),
        ("CN-31", "own", (), ""),
        ("CN", "authority", (), ""),
        ("CN", "institution", (), "shared-by-consent-alone"),
        ("CN", "institution", ("export",), "shared-by-consent-alone"),
        ("CN", "institution", ("sharing",), ""),
        ("SG", "own", (), "sent-across-the-border"),
        ("CN-HK", "subject", ("sharing",), "sent-across-the-border"),
        ("SG", "own", ("export",), ""),
        ("US", "authority", ("export", "sharing"), "nothing-to-authorities-abroad"),
    ],
)
def test_where_a_package_goes_takes_the_consent_that_is_asked_for(
    place: str, recipient: str, given: tuple[str, ...], rule: str
) -> None:
    on = case(goes_to=place, recipient=recipient, given=given)
    decision = plain_access().approved(COMPLIANCE, "package.export", on)
    assert decision.is_allowed is not bool(rule) and (not rule or decision.policies == (rule,))
    elsewhere = case(place="DE", goes_to=place, recipient=recipient, given=given)
    assert plain_access().approved(COMPLIANCE, "package.export", elsewhere).is_allowed, "the laws of the mainland bind its cases"


def test_a_seat_takes_part_in_its_own_session_and_sees_no_other() -> None:
    access = plain_access()
    mine, other = participant(CASE), participant("c" + "b3" * 13)
    assert access.decide(mine, "session.take_part", case()).is_allowed
    for action in ("case.play", "package.export", "session.lead", "session.invite", "case.reveal"):
        assert not access.decide(mine, action, case()).is_allowed
    assert not access.decide(other, "session.take_part", case()).is_allowed
    elsewhere = Participant(TenantId("bank-b"), mine.case, "customer", "x")
    assert not access.decide(elsewhere, "session.take_part", case()).is_allowed


def test_an_export_takes_the_approval_of_this_very_act() -> None:
    grants = HandedOut()
    access = plain_access(grants=grants)
    denied = access.decide(AGENT, "package.export", case())
    assert denied.policies == ("export-with-a-second-person",) and "second person" in denied.next_step
    grants.approvals.add((AGENT.account.id, "package.export", CASE))
    assert access.decide(AGENT, "package.export", case()).is_allowed
    assert access.could(COMPLIANCE, "package.export", case()) and not access.could(OTHER_AGENT, "package.export", case())
    grants.approvals.add((OTHER_AGENT.account.id, "package.export", CASE))
    assert not access.decide(OTHER_AGENT, "package.export", case()).is_allowed, "an approval is no right"


def test_an_emergency_opens_one_case_to_look_at_and_nothing_else() -> None:
    grants = HandedOut(emergencies={(OTHER_AGENT.account.id, CASE)})
    access = plain_access(grants=grants)
    assert access.decide(OTHER_AGENT, "case.play", case()).policies == ("case-in-an-emergency",)
    for action in ("session.lead", "session.take_part", "package.export", "session.invite"):
        assert not access.decide(OTHER_AGENT, action, case()).is_allowed
    assert not access.decide(OTHER_AGENT, "case.read", case(level=5)).is_allowed, "not above one's level"


def test_nobody_grants_to_themselves() -> None:
    access, security = plain_access(), ADMINISTRATORS[1]
    own, other = (Resource("account", each, TenantId(TENANT), {"account": each}) for each in (security.account.id, "account-x"))
    assert access.decide(security, "account.roles", own).policies == ("no-self-grant",)
    assert access.decide(security, "account.roles", other).is_allowed
    for who in (ADMINISTRATORS[0], ADMINISTRATORS[2], COMPLIANCE, SUPERVISOR):
        assert not access.decide(who, "account.roles", other).is_allowed


def test_every_answer_is_kept_with_the_policies_that_decided() -> None:
    log = MemoryLog()
    access = plain_access(log)
    access.require(AGENT, "case.read", case())
    with pytest.raises(AccessDeniedError) as denied:
        access.require(OTHER_AGENT, "case.play", case())
    assert isinstance(denied.value, DeniedError)
    for part in ("deny-by-default", "cn-pipl:51", "supervisor"):
        assert part in str(denied.value)
    kept = [(asked.who, asked.action, decision.is_allowed, sensitive) for asked, decision, sensitive in log.kept]
    assert kept == [(AGENT, "case.read", True, False), (OTHER_AGENT, "case.play", False, False)]


@pytest.mark.parametrize("action", ["case.play", "case.reveal"])
def test_a_sensitive_look_is_refused_while_the_ledger_is_away(action: str) -> None:
    log = MemoryLog(is_away=True)
    with pytest.raises(UnavailableError):
        plain_access(log).require(SUPERVISOR, action, case())
    plain_access(log).require(SUPERVISOR, "case.read", case())
    assert [asked.action for asked, _, _ in log.kept] == ["case.read"]
