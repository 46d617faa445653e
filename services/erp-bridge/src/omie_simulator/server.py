"""The HTTP face: Omie's own paths, the links of attachments, the control surface, and a page for people."""

import asyncio
import contextlib
import io
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from omie_simulator import control, faults, page
from omie_simulator.clock import Clock
from omie_simulator.control import Known, Wrong
from omie_simulator.desk import Desk
from omie_simulator.guard import Guard
from omie_simulator.knobs import Knobs
from omie_simulator.store import Store
from omie_simulator.webhooks import Courier, Refused
from omie_simulator.world import World

LARGEST_BODY = 256 * 1024 * 1024

WORLD = web.AppKey("world", World)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(directory: Path, base_url: str, app_key: str, app_secret: str) -> web.Application:
    """Returns the application on the records of a directory."""
    store = Store(directory)
    clock = Clock(**(store.find("clock", 0) or {}))
    knobs = Knobs()
    world = World(store, clock, app_key, base_url=base_url)
    world.link_is_expired = lambda: knobs.strike("ObterAnexo", "expired_link") is not None
    control.open_account(world)
    store.commit()
    desk = Desk(world, Guard(clock, app_key, app_secret), knobs)
    courier = Courier(world, knobs)
    app = web.Application(client_max_size=LARGEST_BODY)
    app[WORLD] = world
    app.router.add_route("*", "/api/v1/{module}/{service}/", partial(_answer, desk))
    app.router.add_get("/_files/{token}", partial(_file, desk))
    app.router.add_get("/", _shown(lambda request: page.index(world)))
    app.router.add_get("/records/{table:(" + "|".join(page.TABLES) + ")}", _shown(partial(_records, world)))
    _add_controls(app, desk, courier)
    app.cleanup_ctx.append(partial(_delivering, courier))
    return app


async def _delivering(courier: Courier, app: web.Application) -> AsyncIterator[None]:
    running = asyncio.create_task(courier.run())
    yield
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _answer(desk: Desk, request: web.Request) -> web.StreamResponse:
    service = f"{request.match_info['module']}/{request.match_info['service']}"
    # Anything but POST is answered as the bad JSON that its absence of a body is.
    raw = await request.read() if request.method == "POST" else b""
    reply = await desk.answer(request.remote or "", service, raw)
    if reply.dropped and request.transport:
        request.transport.abort()
    return web.Response(status=reply.status, body=reply.body, headers=reply.headers, content_type=reply.content_type)


async def _file(desk: Desk, request: web.Request) -> web.StreamResponse:
    world, token = desk.world, request.match_info["token"]
    link = next((each for each in world.store.rows("links") if each["token"] == token), None)
    if link is None or link["expires"] < world.clock.seconds():
        return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")
    record = world.store.find("attachments", link["nIdAnexo"])
    if record is None:
        return web.Response(status=404)
    file = world.store.file(record["nIdAnexo"])
    if not world.switches.zipped_links:
        return web.FileResponse(file, headers={"Content-Type": "application/octet-stream"})
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(file, record["cNomeArquivo"])
    return web.Response(body=zipped.getvalue(), content_type="application/octet-stream")


def _shown(make: Callable[[web.Request], str]) -> Handler:
    async def show(request: web.Request) -> web.StreamResponse:
        return web.Response(text=make(request), content_type="text/html")

    return show


def _records(world: World, request: web.Request) -> str:
    number = request.query.get("page", "")
    wanted = request.query.get("q", "").strip()
    return page.records(world, request.match_info["table"], wanted, int(number) if number.isdecimal() else 1)


def _add_controls(app: web.Application, desk: Desk, courier: Courier) -> None:
    world = desk.world
    acts: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "receipts": partial(control.receipt, world),
        "purchase-orders": partial(control.purchase_order, world),
        "payables": partial(control.payable, world),
        "attachments": partial(control.plant, world),
        "clock": partial(control.advance, world),
        "switches": partial(control.switch, world),
        "faults": partial(control.turn, desk),
        "reset": lambda given: control.reset(desk),
    }
    for name, act in acts.items():
        app.router.add_post(f"/_control/{name}", _controlled(desk, act))
    for word, situation in (("close", "encerrado"), ("cancel", "cancelado")):
        app.router.add_post(
            f"/_control/purchase-orders/{{order:\\d+}}/{word}", partial(_end, desk, control.end_order(situation))
        )
    app.router.add_post("/_control/webhooks", partial(_register, courier))
    app.router.add_get("/_control/stats", _told(lambda request: control.stats(desk)))
    app.router.add_get(
        "/_control/records/{table}",
        _told(lambda request: {"items": list(world.store.rows(request.match_info["table"]))}),
    )


def _told(make: Callable[[web.Request], dict[str, Any]]) -> Handler:
    async def tell(request: web.Request) -> web.StreamResponse:
        return _json(make(request))

    return tell


def _controlled(desk: Desk, act: Callable[[dict[str, Any]], dict[str, Any]]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return _json(act(await _given(request)))
        except (faults.Fault, Wrong) as error:
            return _json({"error": control.words(error)}, 400)
        except Known as error:
            return _json({"error": str(error)}, 409)
        except (KeyError, ValueError, TypeError) as error:
            return _json({"error": f"missing or wrong: {error}"}, 400)
        finally:
            desk.world.store.commit()

    return handle


async def _end(
    desk: Desk, act: Callable[[World, int, dict[str, Any]], dict[str, Any]], request: web.Request
) -> web.StreamResponse:
    order = int(request.match_info["order"])
    return await _controlled(desk, partial(act, desk.world, order))(request)


async def _register(courier: Courier, request: web.Request) -> web.StreamResponse:
    try:
        given = await _given(request)
        return _json(await courier.register(str(given["url"]), list(given.get("topics", []))))
    except (Refused, Wrong, KeyError) as error:
        return _json({"error": f"not registered: {error}"}, 400)


async def _given(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    try:
        given = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError as error:
        raise Wrong("the body is not JSON") from error
    if not isinstance(given, dict):
        raise Wrong("the body is not an object")
    return given


def _json(value: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")
