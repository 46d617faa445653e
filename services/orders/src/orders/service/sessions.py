"""SessionService."""

from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Any

from comanda.orders.v1 import sessions_pb2 as pb
from comanda.orders.v1 import sessions_pb2_grpc
from kit import rpc as frame
from kit.call import current
from kit.db import Database, Tx
from kit.errors import Invalid, NotFound, Refused
from kit.identity import Identity
from kit.rpc import rpc
from kit.signals import Expectation, Signals
from orders.catalogue import Catalogue
from orders.messages import sessions as messages
from orders.messages import values
from orders.operations import checks, commits, sessions, tabs
from orders.operations.settlement import signal
from orders.queries import lists
from orders.store import sessions as store

GLANCE_SECONDS = 0.5
"""How often a waiting commit looks for itself, should a wake-up from another process get lost."""
UNANSWERED = ("missing_check", "stale_check")


class SessionService(sessions_pb2_grpc.SessionServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, signals: Signals, catalogue: Catalogue) -> None:
        self.database = database
        self._signals = signals
        self._catalogue = catalogue

    async def OpenSession(self, request: pb.OpenSessionRequest, context: Any) -> pb.OpenSessionResponse:
        asked = messages.opening(request)
        prices = await self._catalogue.prices(asked.ops, asked.channel_code)

        async def opened(_: Any, tx: Tx, request: pb.OpenSessionRequest) -> pb.OpenSessionResponse:
            session, created, awaited = await sessions.open_session(tx, asked, prices)
            if awaited:
                self._signals.foresee(signal(tx.business, session.session_key))
            return pb.OpenSessionResponse(session=messages.session(session), created=created)

        return await frame.write(self, opened, request)

    @rpc
    async def GetSession(self, tx: Tx, request: pb.GetSessionRequest) -> pb.GetSessionResponse:
        session = await store.session(tx, request.session_key, request.channel_code)
        if session is None:
            raise NotFound("not_found", session_key=request.session_key)
        return pb.GetSessionResponse(session=messages.session(session))

    @rpc
    async def ListSessions(self, tx: Tx, request: pb.ListSessionsRequest) -> pb.ListSessionsResponse:
        return await lists.list_sessions(tx, request)

    async def ModifySession(self, request: pb.ModifySessionRequest, context: Any) -> pb.ModifySessionResponse:
        ops = messages.ops(request.ops)
        prices = await self._catalogue.prices(ops, request.channel_code, request.session_key)

        async def modified(_: Any, tx: Tx, request: pb.ModifySessionRequest) -> pb.ModifySessionResponse:
            place = (request.session_key, request.channel_code)
            session = await sessions.modify_session(tx, *place, _expected(request), ops, prices)
            return pb.ModifySessionResponse(session=messages.session(session))

        return await frame.answer(self, modified, request)

    async def CommitSession(self, request: pb.CommitSessionRequest, context: Any) -> pb.CommitSessionResponse:
        if not request.idempotency_key:
            raise Invalid("idempotency_key_required", field="idempotency_key")
        place = signal(current.get().identity.business_id, request.session_key)
        end = monotonic() + request.wait_for_checks_ms / 1000
        with self._signals.expect(place) as answer:
            while True:
                await self._wait_for_checks(request, place, answer, end)
                try:
                    return await frame.write(self, _commit, request)
                except Refused as refusal:
                    # The signal may have told of an earlier revision, or another check may have come to be required.
                    if refusal.code not in UNANSWERED or monotonic() >= end:
                        raise

    async def _wait_for_checks(
        self, request: pb.CommitSessionRequest, place: str, answer: Expectation, end: float
    ) -> None:
        """Waits, outside any transaction, until the checks of the present revision are answered or the time is up.

        It does not look first where this process has opened the session and heard nothing of its checks since.
        """
        if self._signals.foreseen(place) and await answer.wait(min(end - monotonic(), GLANCE_SECONDS)):
            return
        identity = current.get().identity
        while (left := end - monotonic()) > 0 and (awaited := await self._awaited(request, identity)):
            answered = await answer.wait(min(left, GLANCE_SECONDS))
            if answered and len(awaited) == 1:  # that was the only check: no need to look again
                return

    async def _awaited(self, request: pb.CommitSessionRequest, identity: Identity) -> Sequence[str]:
        place = (request.session_key, request.channel_code)
        return await self.database.read(lambda tx: store.awaited_checks(tx, *place), identity)

    @rpc
    async def ReportCheck(self, tx: Tx, request: pb.ReportCheckRequest) -> pb.ReportCheckResponse:
        place = (request.session_key, request.channel_code, request.rev, request.check_code)
        found = [messages.issue(each) for each in request.issues]
        applied = await checks.report_check(tx, *place, values.plain(request.result), found)
        if applied:
            key = signal(tx.business, request.session_key)
            tx.committed.append(partial(self._signals.tell, [key]))
        return pb.ReportCheckResponse(applied=applied)

    async def ResolveIssue(self, request: pb.ResolveIssueRequest, context: Any) -> pb.ResolveIssueResponse:
        place = (request.session_key, request.channel_code, request.issue_id, request.action_id)
        wanted = await self.database.read(lambda tx: checks.proposed(tx, *place), current.get().identity)
        prices = await self._catalogue.prices(wanted, request.channel_code, request.session_key)

        async def resolved(_: Any, tx: Tx, request: pb.ResolveIssueRequest) -> pb.ResolveIssueResponse:
            session = await checks.resolve_issue(tx, *place, prices)
            return pb.ResolveIssueResponse(session=messages.session(session))

        return await frame.answer(self, resolved, request)

    @rpc
    async def RunChecks(self, tx: Tx, request: pb.RunChecksRequest) -> pb.RunChecksResponse:
        session = await tabs.run_checks(tx, request.session_key, request.channel_code)
        return pb.RunChecksResponse(session=messages.session(session))

    @rpc
    async def MoveSession(self, tx: Tx, request: pb.MoveSessionRequest) -> pb.MoveSessionResponse:
        place = (request.session_key, request.channel_code, request.handle_type, request.handle_ref)
        return pb.MoveSessionResponse(session=messages.session(await tabs.move_session(tx, *place, _expected(request))))

    @rpc
    async def MergeSessions(self, tx: Tx, request: pb.MergeSessionsRequest) -> pb.MergeSessionsResponse:
        place = (request.session_key, request.channel_code, request.from_session_key)
        return pb.MergeSessionsResponse(
            session=messages.session(await tabs.merge_sessions(tx, *place, _expected(request)))
        )

    @rpc
    async def SplitSession(self, tx: Tx, request: pb.SplitSessionRequest) -> pb.SplitSessionResponse:
        rest, new = await tabs.split_session(
            tx,
            request.session_key,
            request.channel_code,
            [messages.part(each) for each in request.lines],
            new_key=request.new_session_key,
            handle_type=request.handle_type,
            handle_ref=request.handle_ref,
            expected_rev=_expected(request),
        )
        return pb.SplitSessionResponse(session=messages.session(rest), new_session=messages.session(new))

    @rpc
    async def AbandonSession(self, tx: Tx, request: pb.AbandonSessionRequest) -> pb.AbandonSessionResponse:
        session = await sessions.abandon_session(tx, request.session_key, request.channel_code, request.reason)
        return pb.AbandonSessionResponse(session=messages.session(session))


def _expected(request: Any) -> int | None:
    """Returns the revision that the caller saw; None where he does not say."""
    return request.expected_rev if request.HasField("expected_rev") else None


async def _commit(_: Any, tx: Tx, request: pb.CommitSessionRequest) -> pb.CommitSessionResponse:
    made = await commits.commit_session(
        tx,
        request.session_key,
        request.channel_code,
        external_ref=request.external_ref,
        token=request.idempotency_key,
        expected_rev=_expected(request),
    )
    return messages.commit(made, request.idempotency_key)
