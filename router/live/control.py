"""The router's control socket: HTTP on a unix socket that its own user alone can open.

``GET /policy`` says which version is live and what came of the last attempt; ``POST /reload`` looks at the
folders now and answers with what came of it.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
from twisted.internet.error import CannotListenError
from twisted.web.http import OK, SERVICE_UNAVAILABLE
from twisted.web.iweb import IRequest
from twisted.web.pages import notFound
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from router.errors import SettingsError
from router.live.following import Outcome
from router.live.remote import workers_of

WAITING = 64
"""Those who may wait for an outcome at a time."""
_MODE = 0o600
_IDLE_SECONDS = 10

State = Callable[[], Mapping[str, Any]]
"""What is live, as JSON."""
Reload = Callable[[], Awaitable[Mapping[str, Outcome]]]
"""Look at the folders now; what came of each."""


class _Request(Request):
    """Keeps nothing of a body: no page reads one."""

    def handleContentChunk(self, data: bytes) -> None:
        """Let it go."""


class _Policy(Resource):
    isLeaf = True

    def __init__(self, state: State) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._state = state

    def render_GET(self, request: IRequest) -> bytes:
        """Say what is live."""
        return _json(request, OK, self._state())


class _Reload(Resource):
    isLeaf = True

    def __init__(self, reload: Reload) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._reload = reload
        self._waiting = 0

    def render_POST(self, request: Request) -> bytes | int:
        """Ask, and answer when it is done."""
        if self._waiting >= WAITING:
            return _json(request, SERVICE_UNAVAILABLE, {"why": "too many wait for a reload"})
        self._waiting += 1
        answering = asyncio.ensure_future(self._answer(request))
        request.notifyFinish().addErrback(lambda _: answering.cancel())  # whoever asked has gone
        return NOT_DONE_YET

    async def _answer(self, request: Request) -> None:
        try:
            outcomes = await self._reload()
            body = _json(request, OK, {name: outcome_json(outcome) for name, outcome in outcomes.items()})
        except asyncio.CancelledError:
            if request.finished or request.channel is None:
                return
            body = _json(request, SERVICE_UNAVAILABLE, {"why": "the router ends"})
        finally:
            self._waiting -= 1
        request.write(body)
        request.finish()


class _Root(Resource):
    def getChild(self, path: bytes, request: IRequest) -> IResource:  # noqa: ARG002  Twisted's signature
        """Nothing else is here."""
        return notFound()


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as the socket gives it."""
    return {"result": outcome.result, "version": outcome.version, "problems": list(outcome.problems)}


def control_site(reload: Reload, state: State) -> Site:
    """The site to listen with; slow and idle peers are dropped."""
    root = _Root()  # type: ignore[no-untyped-call]
    root.putChild(b"policy", _Policy(state))
    root.putChild(b"reload", _Reload(reload))
    return Site(root, requestFactory=_Request, timeout=_IDLE_SECONDS)


def listen(reactor: Any, path: Path, site: Site) -> None:
    """Listen on a socket that nobody else listens on; one that a killed router left is replaced.

    Raises:
        SettingsError: another router listens there, or something else is there.
        OSError: the socket cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_socket():
        if _answers(path):
            raise SettingsError(f"control socket {path}: another router listens there; give this one its own")
        path.unlink()
    elif path.exists():
        raise SettingsError(f"control socket {path}: there is a file that is no socket")
    try:
        reactor.listenUNIX(str(path), site, mode=_MODE)  # the mode is set before anybody is let in
    except CannotListenError as wrong:
        raise OSError(f"control socket {path}: {wrong.socketError}") from wrong


def remove_left(path: Path, workers: int) -> None:
    """Remove the sockets that workers have left who are no more: there were more of them once.

    Raises:
        OSError: one cannot be removed.
    """
    for number, left in workers_of(path).items():
        if number >= workers and not _answers(left):
            left.unlink(missing_ok=True)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as peer, suppress(OSError):
        peer.settimeout(1.0)
        peer.connect(str(path))
        return True
    return False


def _json(request: Any, code: int, body: Mapping[str, Any]) -> bytes:
    request.setResponseCode(code)
    request.setHeader(b"content-type", b"application/json")
    return orjson.dumps(body) + b"\n"
