"""geral/anexo: the attachments of any record (omie-api.md 2.1)."""

from typing import Required, TypedDict

from erp_bridge.omie import paging
from erp_bridge.omie.api.method import Date, Listing, Read, Whole, Write


class Inclusion(TypedDict, total=False):
    """An attachment to add, but for `cArquivo`: a file goes beside it."""

    cCodIntAnexo: str
    cTabela: Required[str]
    nId: Required[Whole]
    cNomeArquivo: Required[str]
    cTipoArquivo: str
    cMd5: str


class Filter(TypedDict, total=False):
    """Which record's attachments to list."""

    cOrdenarPor: str
    cOrdemDecrescente: str
    dDtIncDe: Date
    dDtIncAte: Date
    dDtAltDe: Date
    dDtAltAte: Date
    nId: Required[Whole]
    cTabela: Required[str]


class Key(TypedDict, total=False):
    """A record, and one of its attachments by id, code, or name; with a code, the name is not looked at."""

    cTabela: Required[str]
    nId: Required[Whole]
    nIdAnexo: Whole
    cCodIntAnexo: str
    cNomeArquivo: str


incluir_anexo = Write(Inclusion, "geral/anexo", "IncluirAnexo")
listar_anexo = Listing(Filter, "geral/anexo", "ListarAnexo", paging.SHORT, "listaAnexos")
consultar_anexo = Read(Key, "geral/anexo", "ConsultarAnexo")
obter_anexo = Read(Key, "geral/anexo", "ObterAnexo")
excluir_anexo = Write(Key, "geral/anexo", "ExcluirAnexo")
