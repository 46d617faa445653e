"""Checks, issues, and how they are settled (spec 1A.6; cases O-R1 to O-R6)."""

import asyncio
from typing import Any

import pytest
from order_calls import FREE, committed, document, line, make_channel, modified, op, opened, refused

from comanda.orders.v1 import sessions_pb2
from kit.errors import Invalid, NotFound, Refused
from kit.testing import eventually

CHECKED = {"required_checks_on_commit": ["fraud"], "checks": {"fraud": {"directive_topic": "fraud.screen"}}}


def issue(code: str = "fraud.suspected", blocking: bool = True, **fields: Any) -> sessions_pb2.CheckIssue:
    return sessions_pb2.CheckIssue(code=code, blocking=blocking, message="look twice", **fields)


def action(*ops: sessions_pb2.SessionOp) -> sessions_pb2.CheckAction:
    return sessions_pb2.CheckAction(id="ACT-1", label="do it", ops=ops)


async def reported(
    hub: Any, key: str, rev: int, *issues: sessions_pb2.CheckIssue, code: str = "fraud", **result: Any
) -> bool:
    request = sessions_pb2.ReportCheckRequest(
        session_key=key, channel_code="web", rev=rev, check_code=code, result=document(result), issues=issues
    )
    return bool((await hub.call(hub.sessions.ReportCheck, request)).applied)


async def resolved(hub: Any, key: str, issue_id: str, action_id: str = "ACT-1") -> Any:
    asked = {"session_key": key, "channel_code": "web", "issue_id": issue_id, "action_id": action_id}
    return (await hub.call(hub.sessions.ResolveIssue, sessions_pb2.ResolveIssueRequest(**asked))).session


async def session_of(hub: Any, key: str) -> Any:
    return (await hub.call(hub.sessions.GetSession, sessions_pb2.GetSessionRequest(session_key=key))).session


async def test_o_r1_a_result_of_the_present_revision_is_written_and_bumps_nothing(hub: Any) -> None:
    await make_channel(hub, config=CHECKED)
    key = (await opened(hub, line("A"))).session_key
    assert await reported(hub, key, 1, score=3)
    session = await session_of(hub, key)
    check = session.data["checks"]["fraud"]
    assert (session.rev, check["rev"], check["result"]["score"], bool(check["at"])) == (1, 1, 3, True)


async def test_o_r2_a_result_of_another_revision_or_of_what_is_over_is_not_written(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    key = (await opened(hub, line("A"))).session_key
    assert not await reported(hub, key, 0)
    assert not await reported(hub, "SESS-NONE", 0)
    assert not (await session_of(hub, key)).data["checks"]
    await committed(hub, key)
    assert not await reported(hub, key, 1)


async def test_o_r3_a_second_result_replaces_the_issues_of_its_own_check_only(hub: Any) -> None:
    await make_channel(hub, config=CHECKED)
    key = (await opened(hub, line("A"))).session_key
    await reported(hub, key, 1, issue("one"))
    await reported(hub, key, 1, issue("other"), code="age")
    await reported(hub, key, 1, issue("two"), issue("three"))
    issues = (await session_of(hub, key)).data["issues"]
    assert sorted((each["source"], each["code"]) for each in issues) == [
        ("age", "other"),
        ("fraud", "three"),
        ("fraud", "two"),
    ]


async def test_o_r4_an_action_changes_its_line_and_asks_for_the_checks_anew(hub: Any) -> None:
    await make_channel(hub)
    hub.stock.available = {"A": 1}
    session = await opened(hub, line("A", "3", line_id="L-1"), line("B", line_id="L-2"))

    async def short() -> Any:
        return (await session_of(hub, session.session_key)).data["issues"]

    [found] = await eventually(short)
    assert [each["label"] for each in found["context"]["actions"]] == ["Ajustar para 1 unidade(s)", "Remover item"]
    session = await resolved(hub, session.session_key, found["id"], found["context"]["actions"][0]["id"])
    assert (session.rev, [(item.line_id, item.qty) for item in session.items]) == (
        2,
        [("L-1", "1.000"), ("L-2", "1.000")],
    )
    assert (list(session.data["issues"]), dict(session.data["checks"])) == ([], {})
    rows = await hub.rows(
        "select (payload ->> 'rev')::int as rev from directives where topic = 'stock.hold' order by id"
    )
    assert [row["rev"] for row in rows] == [1, 2]
    assert (await committed(hub, session.session_key)).items_count == 2


async def test_o_r5_an_action_may_remove_a_line(hub: Any) -> None:
    await make_channel(hub, config=CHECKED)
    key = (await opened(hub, line("A", line_id="L-1"), line("B"))).session_key
    await reported(hub, key, 1, issue(id="ISS-1", actions=[action(op("remove_line", line_id="L-1"))]))
    assert [item.sku for item in (await resolved(hub, key, "ISS-1")).items] == ["B"]


async def test_actions_in_the_context_are_refused_rather_than_lost(hub: Any) -> None:
    await make_channel(hub, config=CHECKED)
    key = (await opened(hub, line("A"))).session_key
    error = await refused(reported(hub, key, 1, issue(context=document({"actions": [{"label": "do it"}]}))))
    assert (type(error), error.code) == (Invalid, "misplaced_actions")
    assert not (await session_of(hub, key)).data["checks"]


async def test_o_r6_every_way_in_which_an_action_cannot_be_done_has_its_code(hub: Any) -> None:
    await make_channel(hub, config=CHECKED)
    key = (await opened(hub, line("A", line_id="L-1"))).session_key
    bad = action(op("set_qty", line_id="L-1", qty="-5"))
    await reported(hub, key, 1, issue(id="ISS-1", actions=[bad]), issue(id="ISS-2", actions=[action()]))
    await reported(hub, key, 1, issue(id="ISS-3", actions=[bad]), code="age")
    kinds = {
        ("SESS-NONE", "ISS-1", "ACT-1"): (NotFound, "session_not_found"),
        (key, "ISS-9", "ACT-1"): (NotFound, "issue_not_found"),
        (key, "ISS-1", "ACT-9"): (NotFound, "action_not_found"),
        (key, "ISS-3", "ACT-1"): (Refused, "no_resolver"),
        (key, "ISS-2", "ACT-1"): (Invalid, "no_ops"),
        (key, "ISS-1", "ACT-1"): (Invalid, "invalid_qty"),
    }
    for asked, kind in kinds.items():
        error = await refused(resolved(hub, *asked))
        assert (type(error), error.code) == kind
    assert (await session_of(hub, key)).rev == 1


@pytest.mark.parametrize(("rev", "code"), [("3", "stale_action"), ('1, "ops": [{"teleport": 1}]', "resolver_error")])
async def test_o_r6_an_action_that_does_not_fit_the_session_is_refused(hub: Any, rev: str, code: str) -> None:
    await make_channel(hub, config=CHECKED)
    key = (await opened(hub, line("A"))).session_key
    await reported(hub, key, 1, issue(id="ISS-1", actions=[action(op("remove_line", line_id="L-1"))]))
    patch = "update sessions set issues = jsonb_set(issues, '{0,context,actions,0}', issues #> '{0,context,actions,0}' || $1)"
    await hub.rows(patch, '{"rev": ' + rev + "}")
    assert (await refused(resolved(hub, key, "ISS-1"))).code == code


async def test_o_r6_a_locked_session_is_locked_for_actions_too(hub: Any) -> None:
    await make_channel(hub, config=CHECKED, edit_policy="EDIT_POLICY_LOCKED")
    key = (await opened(hub, line("A", line_id="L-1"))).session_key
    await reported(hub, key, 1, issue(id="ISS-1", actions=[action(op("remove_line", line_id="L-1"))]))
    for issue_id in ("ISS-1", "ISS-9"):
        assert (await refused(resolved(hub, key, issue_id))).code == "locked"


async def test_o_c2_a_blocking_issue_stands_against_the_commit_and_any_other_does_not(hub: Any) -> None:
    await make_channel(hub, config=CHECKED)
    key = (await opened(hub, line("A"))).session_key
    await reported(hub, key, 1, issue())
    error = await refused(committed(hub, key))
    assert (error.code, error.context["issues"][0]["code"]) == ("blocking_issues", "fraud.suspected")
    await reported(hub, key, 1, issue(blocking=False))
    assert (await committed(hub, key)).status == "committed"


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({"hold_expires_at": "2020-01-01T00:00:00"}, "hold_expired"),
        ({"holds": [{"expires_at": "2020-01-01T00:00:00-03:00"}, {}]}, "hold_expired"),
        ({"holds": [{"hold_id": "H1"}], "hold_expires_at": "whenever"}, ""),
        ({"holds": ["H1", None, {"expires_at": 1}]}, ""),
        ({"holds": "none"}, ""),
    ],
)
async def test_o_c3_an_expiry_that_has_passed_counts_and_one_that_is_none_does_not(
    hub: Any, result: dict[str, Any], code: str
) -> None:
    await make_channel(hub, config=CHECKED)
    key = (await opened(hub, line("A"))).session_key
    await reported(hub, key, 1, **result)
    if code:
        assert (await refused(committed(hub, key))).code == code
    else:
        assert (await committed(hub, key)).status == "committed"


async def test_o_c1_a_check_that_is_missing_or_of_an_older_revision_is_told_apart(hub: Any) -> None:
    await make_channel(hub, config=CHECKED)
    key = (await opened(hub, line("A"))).session_key
    error = await refused(committed(hub, key, wait=0))
    assert (error.code, error.context) == ("missing_check", {"check_code": "fraud"})
    await hub.rows("""update sessions set checks = '{"fraud": {"rev": -1, "result": {}}}'""")
    error = await refused(committed(hub, key, wait=0))
    assert (error.code, error.context) == ("stale_check", {"check_code": "fraud", "check_rev": -1, "session_rev": 1})


async def test_a_refusal_for_a_checks_sake_says_what_the_channel_calls_it(hub: Any) -> None:
    labelled = {**CHECKED, "checks": {"fraud": {**CHECKED["checks"]["fraud"], "label": "Antifraude"}}}
    await make_channel(hub, config=labelled)
    error = await refused(committed(hub, (await opened(hub, line("A"))).session_key, wait=0))
    assert (error.code, error.context) == ("missing_check", {"check_code": "fraud", "check_label": "Antifraude"})


async def test_a_commit_that_waits_is_woken_by_the_report(hub: Any) -> None:
    await make_channel(hub, config=CHECKED)
    key = (await opened(hub, line("A"))).session_key
    commit = asyncio.ensure_future(committed(hub, key, wait=20000))
    assert await reported(hub, key, 1)
    assert (await asyncio.wait_for(commit, 100)).status == "committed"


async def test_nobody_may_report_a_check_that_a_service_makes(hub: Any) -> None:
    await make_channel(hub)
    session = await modified(hub, (await opened(hub)).session_key, line("A"))
    error = await refused(reported(hub, session.session_key, 1, code="stock"))
    assert (type(error), error.code) == (Refused, "check_owned")
