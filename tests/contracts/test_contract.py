"""What holds for every RPC, event, and directive of the contract, whatever it is about."""

import importlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor import Descriptor, FileDescriptor, MethodDescriptor

from comanda.types.v1 import options_pb2
from kit.errors import Invalid
from kit.interceptors import validate

ROOT = Path(__file__).resolve().parents[2] / "protos"
SOURCES = sorted(path.relative_to(ROOT) for path in (ROOT / "comanda").rglob("*.proto"))
READS = ("Get", "List", "Check", "Resolve", "Poll", "Watch", "Export", "Authenticate")


def files() -> Iterator[FileDescriptor]:
    """Every file of the contract."""
    for path in SOURCES:
        module = ".".join((*path.parent.parts, f"{path.stem}_pb2"))
        yield importlib.import_module(module).DESCRIPTOR


FILES = list(files())
METHODS = [method for file in FILES for service in file.services_by_name.values() for method in service.methods]
MESSAGES = [message for file in FILES for message in file.message_types_by_name.values()]
EVENTS = [message for message in MESSAGES if ".events." in message.full_name]
DIRECTIVES = [message for message in MESSAGES if message.GetOptions().Extensions[options_pb2.directive].topic]


def option(method: MethodDescriptor, extension: Any) -> Any:
    """The value of one of our options on a method."""
    return method.GetOptions().Extensions[extension]


def writes(method: MethodDescriptor) -> bool:
    """Whether the method says that it changes something."""
    return bool(option(method, options_pb2.idempotency).key_field)


def names(methods: list[MethodDescriptor]) -> list[str]:
    """The full names of methods."""
    return [method.full_name for method in methods]


def test_the_contract_is_found() -> None:
    assert len(METHODS) > 30
    assert EVENTS
    assert DIRECTIVES


def test_whatever_is_not_internal_or_public_has_a_rest_route() -> None:
    assert not names(
        [
            method
            for method in METHODS
            if not method.GetOptions().HasExtension(annotations_pb2.http)
            and not option(method, options_pb2.internal)
            and not option(method, options_pb2.public)
        ]
    )


def test_only_the_exchange_of_a_credential_and_signed_webhooks_need_none() -> None:
    public = names([method for method in METHODS if option(method, options_pb2.public)])
    webhooks = [
        "comanda.erp.v1.WebhookService.ReceiveWebhook",
        "comanda.orders.v1.MarketplaceService.ReceiveMarketplaceEvents",
    ]
    payments = "comanda.sales.v1.PaymentIntentService.ReceivePaymentEvent"
    assert sorted(public) == [*webhooks, "comanda.sales.v1.IdentityService.Authenticate", payments]


def test_no_method_contradicts_itself_about_who_may_call_it() -> None:
    internal = [method for method in METHODS if option(method, options_pb2.internal)]
    assert not names([method for method in internal if option(method, options_pb2.allow)])
    assert not names([method for method in internal if option(method, options_pb2.public)])
    assert not names([method for method in internal if method.GetOptions().HasExtension(annotations_pb2.http)])


def test_roles_that_may_call_everything_are_not_listed_again() -> None:
    always = {options_pb2.ROLE_UNSPECIFIED, options_pb2.ROLE_OWNER, options_pb2.ROLE_ADMIN, options_pb2.ROLE_SERVICE}
    for method in METHODS:
        allowed = list(option(method, options_pb2.allow))
        assert not always & set(allowed), method.full_name
        assert len(allowed) == len(set(allowed)), method.full_name


def test_a_method_that_reads_by_its_route_declares_no_idempotency_and_any_other_does() -> None:
    for method in METHODS:
        if route := route_of(method):
            assert writes(method) == (route[0] != "get"), method.full_name


def test_a_method_without_a_route_declares_what_its_name_says() -> None:
    for method in METHODS:
        if not route_of(method):
            assert writes(method) != method.name.startswith(READS), method.full_name


def test_the_key_and_the_scope_of_idempotency_are_text_fields_of_the_request() -> None:
    for method in filter(writes, METHODS):
        rule = option(method, options_pb2.idempotency)
        for name in filter(None, (rule.key_field, rule.scope_field)):
            field = method.input_type.fields_by_name[name]
            assert field.type == field.TYPE_STRING, method.full_name


def test_no_two_methods_share_a_route() -> None:
    routes = Counter(route for method in METHODS if (route := route_of(method)))
    assert not [route for route, count in routes.items() if count > 1]


def test_every_route_is_below_the_version_and_names_fields_of_its_request() -> None:
    for method in METHODS:
        if route := route_of(method):
            assert route[1].startswith("/api/v1/"), method.full_name
            fields = {part[1:-1] for part in route[1].split("/") if part.startswith("{")}
            assert fields <= set(method.input_type.fields_by_name), method.full_name


def test_response_bodies_and_rest_options_name_fields_that_exist() -> None:
    for method in METHODS:
        fields = method.output_type.fields_by_name
        body = method.GetOptions().Extensions[annotations_pb2.http].response_body
        rest = option(method, options_pb2.rest)
        assert not body or body in fields, method.full_name
        assert not rest.created_field or rest.created_field in fields, method.full_name
        assert not rest.documents or fields["document"].message_type.full_name == "google.api.HttpBody", (
            method.full_name
        )
        assert not rest.revision_field or walk(method.output_type, rest.revision_field), method.full_name


def test_lists_are_paged_alike() -> None:
    for method in METHODS:
        if method.name.startswith("List") and (route := route_of(method)) and route[0] == "get":
            assert {"page_size", "page_token"} <= set(method.input_type.fields_by_name), method.full_name
            assert {"items", "next_page_token"} <= set(method.output_type.fields_by_name), method.full_name


def test_a_topic_belongs_to_one_directive() -> None:
    topics = Counter(
        topic
        for message in DIRECTIVES
        for rule in [message.GetOptions().Extensions[options_pb2.directive]]
        for topic in (rule.topic, *rule.aliases)
    )
    assert not [topic for topic, count in topics.items() if count > 1]


def test_every_directive_lies_where_directives_lie() -> None:
    assert not [message.full_name for message in DIRECTIVES if ".directives." not in message.full_name]


def test_every_event_and_directive_and_each_of_its_fields_says_what_it_is() -> None:
    image = descriptor_pb2.FileDescriptorSet.FromString((ROOT / "gen/comanda/image.binpb").read_bytes())
    silent: list[str] = []
    for file in image.file:
        if ".events." in file.package or ".directives." in file.package:
            said = {tuple(place.path) for place in file.source_code_info.location if place.leading_comments.strip()}
            silent += [f"{file.package}.{name}" for path, name in elements(file) if path not in said]
    assert not silent


def elements(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[tuple[int, ...], str]]:
    """The messages of a file and their fields, with the paths under which their comments are kept."""
    messages, fields = file.MESSAGE_TYPE_FIELD_NUMBER, descriptor_pb2.DescriptorProto.FIELD_FIELD_NUMBER
    for index, message in enumerate(file.message_type):
        yield (messages, index), message.name
        for position, field in enumerate(message.field):
            yield (messages, index, fields, position), f"{message.name}.{field.name}"


def route_of(method: MethodDescriptor) -> tuple[str, str] | None:
    """The verb and path of a method in REST."""
    rule: Any = method.GetOptions().Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern")
    return (verb, getattr(rule, verb)) if verb else None


def walk(message: Descriptor | None, path: str) -> bool:
    """Whether the dotted path leads from field to field."""
    for name in path.split("."):
        if message is None or name not in message.fields_by_name:
            return False
        message = message.fields_by_name[name].message_type
    return True


def broken(message: Descriptor, **values: str) -> list[str]:
    """The fields of a message that break a rule, each named as often as the refusal names it."""
    try:
        validate(message_factory.GetMessageClass(message)(**values))
    except Invalid as error:
        return str(error.context["fields"]).split(", ")
    return []


def test_a_reason_or_a_note_that_must_be_given_is_not_given_by_blanks() -> None:
    wordy = [(message, name) for message in MESSAGES for name in ("reason", "note") if name in broken(message)]
    assert len(wordy) > 8
    for message, name in wordy:
        assert broken(message).count(name) == 1, "and is named once"
        assert name in broken(message, **{name: " \n"}), message.full_name
        assert name not in broken(message, **{name: "é 1"}), message.full_name
