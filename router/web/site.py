"""The port for machines that watch this one: /metrics, /healthz, /readyz."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from twisted.web.http import OK, SERVICE_UNAVAILABLE
from twisted.web.iweb import IRequest
from twisted.web.pages import notFound
from twisted.web.resource import IResource, Resource
from twisted.web.server import Site


class _State(Resource):
    """Says yes (200) or no (503) in one word."""

    isLeaf = True

    def __init__(self, good: Callable[[], bool]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._good = good

    def render_GET(self, request: IRequest) -> bytes:
        """Ask and answer."""
        good = self._good()
        request.setResponseCode(OK if good else SERVICE_UNAVAILABLE)
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        return b"ok\n" if good else b"no\n"


class _Metrics(Resource):
    """All metrics of a registry.

    prometheus_client's own resource for Twisted imports the global reactor and answers from a thread.
    """

    isLeaf = True

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._registry = registry

    def render_GET(self, request: IRequest) -> bytes:
        """Write them in the format that the scraper accepts."""
        encode, content_type = choose_encoder(request.getHeader("accept") or "")
        request.setHeader(b"content-type", content_type.encode())
        return encode(self._registry)


class _Root(Resource):
    """The three pages; anything else is not found."""

    def getChild(self, path: bytes, request: IRequest) -> IResource:  # noqa: ARG002  Twisted's signature
        """Say so (Resource's own answer is deprecated)."""
        return notFound()


def site(registry: CollectorRegistry, ready: Callable[[], bool]) -> Site:
    """The site to listen with: ``/healthz`` is whether the process turns, ``/readyz`` what ``ready`` says."""
    root = _Root()  # type: ignore[no-untyped-call]
    root.putChild(b"metrics", _Metrics(registry))
    root.putChild(b"healthz", _State(lambda: True))
    root.putChild(b"readyz", _State(ready))
    return Site(root, timeout=10)
