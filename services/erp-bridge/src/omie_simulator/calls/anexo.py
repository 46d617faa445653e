"""geral/anexo: attachments of any record (omie-api.md 2.1)."""

import base64
import binascii
import hashlib
import io
import secrets
import zipfile
from datetime import timedelta
from typing import Any

from omie_simulator import faults, paging
from omie_simulator.store import Record
from omie_simulator.tags import Shape, shape
from omie_simulator.world import World, call, within

SERVICE = "geral/anexo"
TABLES: dict[str, str] = {
    "cliente": "customers", "produto": "products", "servico": "", "pedido-venda": "sales_orders", "remessa-produto": "",
    "ordem-servico": "", "contrato-servico": "", "pedido-compra": "purchase_orders", "nota-entrada": "",
    "ordem-producao": "", "conta-pagar": "payables", "conta-receber": "", "conta-corrente": "accounts",
    "conta-corrente-lancamento": "", "crm-contas": "", "crm-contatos": "", "crm-oportunidades": "",
    "com-recebimento": "receipts",
}  # fmt: skip
"""Values of cTabela, and where the records are; those of the others cannot exist here."""
CODE_LENGTH, NAME_LENGTH = 20, 100
LINK_SECONDS = 900.0
OK = {"cCodStatus": "0"}
KEYS = ("nIdAnexo", "cCodIntAnexo", "cNomeArquivo")


def _key(name: str) -> Shape:
    return shape(name, "cTabela nId:i nIdAnexo:i cCodIntAnexo cNomeArquivo")


@call(
    SERVICE,
    "IncluirAnexo",
    shape("docIncluirAnexoRequest", "cCodIntAnexo cTabela nId:i cNomeArquivo cTipoArquivo cArquivo cMd5"),
    "cTabela", "nId", "cNomeArquivo", "cArquivo",
    writes=True,
)  # fmt: skip
def include(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Adds an attachment: base64 of a zip with one file, and the MD5 of that text."""
    table, owner = owner_of(world, param)
    name, code = str(param["cNomeArquivo"]), str(param.get("cCodIntAnexo") or "")
    _check_names(world, table, owner, name, code)
    content = unpack(str(param["cArquivo"]), str(param.get("cMd5") or ""))
    record = add(world, table, owner, name, content, code=code, kind=str(param.get("cTipoArquivo") or ""))
    answer = {"cCodIntAnexo": code, "cTabela": table, "nId": owner, "nIdAnexo": record["nIdAnexo"]}
    return {**answer, "cNomeArquivo": name, **OK, "cDesStatus": "Anexo incluído com sucesso!"}


def owner_of(world: World, param: dict[str, Any]) -> tuple[str, int]:
    """Returns table and id of the record that an attachment belongs to; raises Fault when there is no such record."""
    table, owner = str(param["cTabela"]), int(param["nId"])
    if table not in TABLES:
        accepted = ", ".join(TABLES)
        raise faults.client(105, f"O valor [{table}] da tag [cTabela] é inválido! Valores aceitos: {accepted}")
    if not TABLES[table] or world.store.find(TABLES[table], owner) is None:
        raise faults.client(103, f"Registro não cadastrado para o Código [{owner}] da tabela [{table}]!")
    return table, owner


def _check_names(world: World, table: str, owner: int, name: str, code: str) -> None:
    if len(code) > CODE_LENGTH:
        raise faults.too_long("cCodIntAnexo", CODE_LENGTH)
    if len(name) > NAME_LENGTH:
        raise faults.too_long("cNomeArquivo", NAME_LENGTH)
    stem, dot, extension = name.partition(".")
    if not (stem and dot and extension) or "." in extension:
        raise faults.client(102, f"O nome do arquivo [{name}] é inválido! Informe um nome com um único ponto.")
    for other in _of(world, table, owner):
        if other["cNomeArquivo"] == name:
            raise world.duplicate(f"Anexo já cadastrado com o nome [{name}] para este registro!")
        if code and other["cCodIntAnexo"] == code:
            raise world.duplicate(f"Anexo já cadastrado para o Código de Integração [{code}] !")


def unpack(text: str, md5: str) -> bytes:
    """Returns the file inside cArquivo; raises Fault when the text is not base64 of a zip of one file, or cMd5 is not its."""
    expected = hashlib.md5(text.encode()).hexdigest()
    if md5.lower() != expected:
        raise faults.client(102, f"O MD5 [{md5}] do arquivo é inválido! Esperado o MD5 [{expected}].")
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(text, validate=True))) as archive:
            [entry] = archive.infolist()
            return archive.read(entry)
    except (binascii.Error, ValueError, zipfile.BadZipFile) as error:
        raise faults.client(
            102, "O conteúdo da tag [cArquivo] deve ser um único arquivo compactado (zip) em base 64!"
        ) from error


def add(world: World, table: str, owner: int, name: str, content: bytes, *, code: str = "", kind: str = "") -> Record:
    """Adds an attachment without asking whether it may be; a test plants odd ones so."""
    described = {"cTabela": table, "nId": owner, "cNomeArquivo": name, "cCodIntAnexo": code}
    record = world.new(
        "attachments",
        {**described, "cTipoArquivo": kind or name.rpartition(".")[2], "info": world.stamp(), "bytes": len(content)},
        "nIdAnexo",
    )
    world.store.file(record["nIdAnexo"]).write_bytes(content)
    return record


def _of(world: World, table: str, owner: int) -> list[Record]:
    return [each for each in world.store.rows("attachments") if each["cTabela"] == table and each["nId"] == owner]


def _shown(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "bytes"}


@call(
    SERVICE,
    "ListarAnexo",
    shape(
        "docListarAnexosRequest",
        f"{paging.SHORT.request_tags} cOrdenarPor cOrdemDecrescente dDtIncDe:d dDtIncAte:d dDtAltDe:d dDtAltAte:d"
        " nId:i cTabela",
    ),
    "cTabela", "nId",
)  # fmt: skip
def list_attachments(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists the attachments of a record: no size, no hash."""
    records = [each for each in _of(world, *owner_of(world, param)) if _within(each["info"], param)]
    if param.get("cOrdenarPor") == "ARQUIVO":
        records.sort(key=lambda each: str(each["cNomeArquivo"]))
    if param.get("cOrdemDecrescente") == "S":
        records.reverse()
    empty_is_fault = bool(records) or world.switches.empty_attachments_fault
    return paging.page(
        [_shown(each) for each in records], param, paging.SHORT, "listaAnexos", empty_is_fault=empty_is_fault
    )


def _within(info: Record, param: dict[str, Any]) -> bool:
    bounds = (("dDtIncDe", "dDtIncAte", "dInc"), ("dDtAltDe", "dDtAltAte", "dAlt"))
    return all(within(info[name], param.get(lower), param.get(upper)) for lower, upper, name in bounds)


def _one(world: World, param: dict[str, Any]) -> Record:
    table, owner = owner_of(world, param)
    for tag in KEYS:
        if param.get(tag):
            # With a code, the name is not looked at.
            for each in _of(world, table, owner):
                if each[tag] == (int(param[tag]) if tag == "nIdAnexo" else param[tag]):
                    return each
            break
    raise faults.client(5113, "Registro não encontrado!")


@call(SERVICE, "ConsultarAnexo", _key("docConsultarAnexoRequest"), "cTabela", "nId", KEYS)
def consult(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Describes an attachment."""
    return _shown(_one(world, param))


@call(SERVICE, "ObterAnexo", _key("docObterAnexoRequest"), "cTabela", "nId", KEYS)
def obtain(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Gives a link that yields the file for a while; never the bytes."""
    record = _one(world, param)
    token, now = secrets.token_urlsafe(18), world.clock.seconds()
    expires = now - 1 if world.link_is_expired() else now + LINK_SECONDS
    key = world.store.next_id("links", 1)
    world.store.put("links", key, {"token": token, "nIdAnexo": record["nIdAnexo"], "expires": expires})
    day = (world.clock.now() + timedelta(days=1)).strftime("%d/%m/%Y")
    described = {name: record[name] for name in ("cCodIntAnexo", "cTabela", "nId", "nIdAnexo", "cNomeArquivo")}
    link = {"cLinkDownload": f"{world.base_url}/_files/{token}", "dDtExpiracao": day}
    return {**described, **link, **OK, "cDesStatus": "Anexo obtido com sucesso!"}


@call(SERVICE, "ExcluirAnexo", _key("docExcluirAnexoRequest"), "cTabela", "nId", KEYS, writes=True)
def exclude(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Removes an attachment for good."""
    record = _one(world, param)
    world.store.remove("attachments", record["nIdAnexo"])
    world.store.file(record["nIdAnexo"]).unlink(missing_ok=True)
    described = {name: record[name] for name in ("cCodIntAnexo", "cTabela", "nId", "nIdAnexo", "cNomeArquivo")}
    return {**described, **OK, "cDesStatus": "Anexo excluído com sucesso!"}
