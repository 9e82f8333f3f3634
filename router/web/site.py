"""The port for machines that watch this one: /metrics, /healthz, /readyz."""

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from twisted.web.http import OK, SERVICE_UNAVAILABLE
from twisted.web.iweb import IRequest
from twisted.web.pages import notFound
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from router.interfaces import Clock

SERIES = 12
"""In one piece of the page; they take 0.1 ms, about as long as a decision."""
_EOF = b"# EOF\n"


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


@dataclass(frozen=True, slots=True)
class _Part(Collector):
    """Some series of a metric, as something that can be encoded."""

    metric: Metric

    def collect(self) -> Iterable[Metric]:
        """Give them."""
        return (self.metric,)


def pieces(registry: Collector, encode: Callable[[Collector], bytes]) -> Iterator[bytes]:
    """The page of all metrics, a few series at a time; each is looked at when its piece is made."""
    end = b""
    for metric in registry.collect():
        for first in range(0, max(1, len(metric.samples)), SERIES):
            part = copy(metric)  # a collector may keep its own
            part.samples = metric.samples[first : first + SERIES]
            lines = encode(_Part(part)).splitlines(keepends=True)
            if lines[-1] == _EOF:  # OpenMetrics: once, at the end of the page
                end = lines.pop()
            # what the metric is stands above its first series only
            yield b"".join(line for line in lines if not first or not line.startswith(b"# "))
    if end:
        yield end


class _Metrics(Resource):
    """All metrics of a registry.

    Written at once they would keep calls waiting for some milliseconds; so calls come between its pieces.
    prometheus_client's own resource for Twisted imports the global reactor and answers from a thread.
    """

    isLeaf = True

    def __init__(self, registry: Collector, clock: Clock) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._registry = registry
        self._clock = clock

    def render_GET(self, request: Request) -> int:
        """Write them in the format that the scraper accepts."""
        encode, content_type = choose_encoder(request.getHeader("accept") or "")
        request.setHeader(b"content-type", content_type.encode())
        left = False

        def gone(_: object) -> None:
            nonlocal left
            left = True

        def write(page: Iterator[bytes]) -> None:
            if left:
                return
            if (piece := next(page, None)) is None:
                request.finish()
                return
            request.write(piece)
            self._clock.callLater(0, write, page)

        request.notifyFinish().addBoth(gone)
        write(pieces(self._registry, encode))
        return NOT_DONE_YET


class _Root(Resource):
    """The three pages; anything else is not found."""

    def getChild(self, path: bytes, request: IRequest) -> IResource:  # noqa: ARG002  Twisted's signature
        """Say so (Resource's own answer is deprecated)."""
        return notFound()


def site(registry: Collector, ready: Callable[[], bool], clock: Clock) -> Site:
    """The site to listen with: ``/healthz`` is whether the process turns, ``/readyz`` what ``ready`` says.

    ``clock`` calls for the next piece of a page when the loop has done what else there was to do.
    """
    root = _Root()  # type: ignore[no-untyped-call]
    root.putChild(b"metrics", _Metrics(registry, clock))
    root.putChild(b"healthz", _State(lambda: True))
    root.putChild(b"readyz", _State(ready))
    return Site(root, timeout=10)
