"""CustomerService."""

from dataclasses import asdict
from uuid import UUID

from comanda.sales.v1 import customers_pb2 as pb
from comanda.sales.v1 import customers_pb2_grpc
from comanda.sales.v1.sales_pb2 import PaymentMethod
from kit.call import current
from kit.db import Database, Tx
from kit.ids import uuid7
from kit.rpc import rpc
from kit.texts import render
from sales.domain.customer import objection
from sales.domain.sale import CASH, NewPayment
from sales.messages import customers as messages
from sales.messages.values import short
from sales.operations import businesses, customers, payments
from sales.queries import customers as queries
from sales.store import customers as store
from sales.store import order_credits
from sales.texts import TEXTS


class CustomerService(customers_pb2_grpc.CustomerServiceServicer):
    """See the proto."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def CreateCustomer(self, tx: Tx, request: pb.CreateCustomerRequest) -> pb.CreateCustomerResponse:
        new = messages.new_customer(request, uuid7(), tx.actor, tx.now)
        customer, created = await customers.create(tx, new, messages.decided(request))
        return pb.CreateCustomerResponse(customer=messages.customer(customer), created=created)

    @rpc
    async def GetCustomer(self, tx: Tx, request: pb.GetCustomerRequest) -> pb.GetCustomerResponse:
        return pb.GetCustomerResponse(customer=messages.customer(await store.customer(tx, UUID(request.id))))

    @rpc
    async def ListCustomers(self, tx: Tx, request: pb.ListCustomersRequest) -> pb.ListCustomersResponse:
        return await queries.list_customers(tx, request)

    @rpc
    async def UpdateCustomer(self, tx: Tx, request: pb.UpdateCustomerRequest) -> pb.UpdateCustomerResponse:
        changed = await customers.update(tx, UUID(request.id), messages.customer_changes(request))
        return pb.UpdateCustomerResponse(customer=messages.customer(changed))

    @rpc
    async def EraseCustomer(self, tx: Tx, request: pb.EraseCustomerRequest) -> pb.EraseCustomerResponse:
        erased = await customers.erase(tx, UUID(request.id))
        return pb.EraseCustomerResponse(customer=messages.customer(erased))

    @rpc
    async def GetCreditStatus(self, tx: Tx, request: pb.GetCreditStatusRequest) -> pb.GetCreditStatusResponse:
        customer = await store.customer(tx, UUID(request.id))
        currency = (await businesses.own_business(tx)).currency
        overdue_q = await order_credits.overdue_q(tx, customer.id)
        refusal = objection(customer, request.amount_q, overdue_q, currency, force=request.force)
        return pb.GetCreditStatusResponse(
            credit_limit_q=customer.credit_limit_q,
            outstanding_balance_q=customer.balance_q,
            available_credit_q=customer.available_credit_q,
            overdue_balance_q=overdue_q,
            can_purchase=refusal is None,
            message=render(refusal, TEXTS, current.get().language) if refusal else "OK",
            code=refusal.code if refusal else "ok",
            credit_terms_days=customer.credit_terms_days,
            credit_blocked=customer.credit_blocked,
        )

    @rpc
    async def ListCreditEntries(self, tx: Tx, request: pb.ListCreditEntriesRequest) -> pb.ListCreditEntriesResponse:
        return await queries.list_entries(tx, request)

    @rpc
    async def PayAccount(self, tx: Tx, request: pb.PayAccountRequest) -> pb.PayAccountResponse:
        payment = NewPayment(short(PaymentMethod, request.method) or CASH, request.amount_q, request.reference)
        made = await payments.pay_account(tx, UUID(request.id), payment)
        return pb.PayAccountResponse(payment=messages.account_payment(request.id, payment, made, tx.actor, tx.now))

    @rpc
    async def GetStatement(self, tx: Tx, request: pb.GetStatementRequest) -> pb.GetStatementResponse:
        return await queries.statement(tx, request)

    @rpc
    async def ListAging(self, tx: Tx, request: pb.ListAgingRequest) -> pb.ListAgingResponse:
        return await queries.list_aging(tx, request)

    @rpc
    async def AdjustCredit(self, tx: Tx, request: pb.AdjustCreditRequest) -> pb.AdjustCreditResponse:
        entry_id, entry = await customers.adjust(tx, UUID(request.id), request.amount_q, request.reason)
        made = {**asdict(entry), "id": entry_id, "created_by": tx.actor, "created_at": tx.now}
        return pb.AdjustCreditResponse(entry=messages.credit_entry(made))
