"""The plots of a report as SVG, drawn by matplotlib in the page's own colours, which know light and dark."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from loadtest.load.figures import WAITS, Second
from loadtest.load.report import Report

INK, MUTED, LINE = "#010101", "#010102", "#010103"
BLUE, TEAL, AMBER, RED, VIOLET, GREY = "#010111", "#010112", "#010113", "#010114", "#010115", "#010116"
SCALE = ("#010121", "#010122", "#010123", "#010124", "#010125", "#010126", "#010127", "#010128")
"""From answered at once to answered late."""
_VARIABLES = {
    **dict(zip((INK, MUTED, LINE), ("ink", "muted", "line"), strict=True)),
    **dict(
        zip(
            (BLUE, TEAL, AMBER, RED, VIOLET, GREY),
            ("blue", "teal", "amber", "red", "violet", "grey"),
            strict=True,
        )
    ),
    **{colour: f"wait-{place}" for place, colour in enumerate(SCALE)},
}
"""Stand-ins that matplotlib takes for colours, and the page's variables that they become."""

_STYLE: dict[Any, Any] = {  # matplotlib types it by its 300 keys
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
}
SIZES = {"wide": (6.3, 2.7), "narrow": (4.4, 2.7)}
"""Inches; the page shows the one that fits, so that letters keep their size."""

SERVICES = {"Asterisk": AMBER, "router": BLUE, "observer": VIOLET, "store": TEAL}
"""Processes of the service, and their colours."""
LOAD = "callers and agents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One plot of the page."""

    name: str
    title: str
    caption: str
    legend: Sequence[tuple[str, str]]
    """Label and colour, which is a variable of the page."""
    svgs: Mapping[str, str]
    """By size."""


def plots(report: Report) -> list[Plot]:
    """Those of which there is something to show, in the page's order."""
    made = [
        _plot(
            "calls",
            "Calls offered and answered",
            "Calls a second. Offered is what the plan drew; answered is by a person.",
            [("offered", BLUE), ("answered", TEAL), *([("lost", RED)] if _lost(report) else [])],
            lambda axes: _calls(axes, report),
        ),
        _plot(
            "decisions",
            "Time to decide",
            "From the switch's connection to the router's command, by second; logarithmic.",
            [("p99", BLUE), ("median", TEAL), *([("limit of p99", RED)] if _limit(report) else [])],
            lambda axes: _decisions(axes, report),
        ),
        _plot(
            "waiting",
            "In progress and waiting",
            "Calls at the end of each second: all that are on the switch, and those that wait for a person.",
            [("in progress", BLUE), ("waiting", AMBER)],
            lambda axes: _in_progress(axes, report),
        ),
        _plot(
            "cpu",
            "Processor time",
            "Cores used, by process. Callers and agents (SIPp) share the machine with what is measured.",
            [*SERVICES.items(), (LOAD, GREY)],
            lambda axes: _cpu(axes, report),
        ),
    ]
    if report.queues:
        classes = [*(f"≤ {most} s" for most in WAITS), f"> {WAITS[-1]} s"]
        made.append(
            _plot(
                "waits",
                "Waits by queue",
                "Part of the answered calls that waited so long; the switch tells whole seconds.",
                list(zip(classes, SCALE, strict=True)),
                lambda axes: _waits(axes, report),
            )
        )
    if report.segments:
        made.append(
            _plot(
                "connection",
                "Connection rate by segment",
                "Answered by a person, of all who asked for one.",
                [],
                lambda axes: _connection(axes, report),
            )
        )
    return made


def variable(colour: str) -> str:
    """The page's name of a colour."""
    return f"var(--{_VARIABLES[colour]})"


def _plot(
    name: str,
    title: str,
    caption: str,
    legend: Sequence[tuple[str, str]],
    draw: Callable[[Axes], None],
) -> Plot:
    svgs = {size: _svg(f"{name}-{size}", inches, draw) for size, inches in SIZES.items()}
    shown = [(label, variable(colour)) for label, colour in legend]
    return Plot(name=name, title=title, caption=caption, legend=shown, svgs=svgs)


def _svg(salt: str, inches: tuple[float, float], draw: Callable[[Axes], None]) -> str:
    with rc_context({**_STYLE, "svg.hashsalt": salt}):
        figure = Figure(figsize=inches, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.subplots())
        out = StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(
        r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    )
    # ids that are no hashes are the same in every plot, and nothing refers to them
    text = re.sub(r' id="(?![mpC][0-9a-f]{10}|glyph)[^"]*"', "", text)
    text = re.sub(r"font: ([0-9.]+px) 'DejaVu Sans'[^;\"]*", r"font: \1 var(--font)", text)
    for colour, name in _VARIABLES.items():
        text = text.replace(colour, f"var(--{name})")
    return text


def _lost(report: Report) -> bool:
    return any(second.lost for second in report.series)


def _limit(report: Report) -> float | None:
    limit = report.plan["expected"].get("decision_p99_ms")
    return None if limit is None else float(limit)


def _time(axes: Axes, series: Sequence[Second]) -> list[int]:
    axes.set_xlabel("seconds")
    axes.set_xlim(0, max(len(series), 1))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=2))
    return [second.second for second in series]


def _from_zero(axes: Axes, label: str, *, integer: bool = True) -> None:
    axes.set_ylabel(label)
    axes.set_ylim(0, max(axes.get_ylim()[1], 1 if integer else 0.1))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=integer))


def _calls(axes: Axes, report: Report) -> None:
    seconds = _time(axes, report.series)
    ends = [*seconds, len(seconds)]
    due = [second.due for second in report.series]
    axes.stairs(due, ends, fill=True, color=BLUE, alpha=0.16, linewidth=0)
    axes.stairs(due, ends, color=BLUE, linewidth=1.2)
    middles = [second + 0.5 for second in seconds]
    axes.plot(middles, [second.answered for second in report.series], color=TEAL)
    if _lost(report):
        axes.plot(middles, [second.lost for second in report.series], color=RED)
    _from_zero(axes, "calls / s")


def _decisions(axes: Axes, report: Report) -> None:
    _time(axes, report.series)
    told = [second for second in report.series if second.decision_p99_ms is not None]
    middles = [second.second + 0.5 for second in told]
    axes.set_yscale("log")
    axes.plot(middles, [second.decision_p99_ms or 0 for second in told], color=BLUE)
    axes.plot(middles, [second.decision_p50_ms or 0 for second in told], color=TEAL)
    if limit := _limit(report):
        axes.axhline(limit, color=RED, linewidth=1, linestyle=(0, (4, 3)))
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.1), max(high, 10))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_ylabel("ms")


def _in_progress(axes: Axes, report: Report) -> None:
    ends = [0, *(second + 1 for second in _time(axes, report.series))]
    progress = [0, *(second.in_progress for second in report.series)]
    axes.fill_between(ends, progress, color=BLUE, alpha=0.16, linewidth=0)
    axes.plot(ends, progress, color=BLUE, linewidth=1.2)
    axes.plot(ends, [0, *(second.waiting for second in report.series)], color=AMBER)
    _from_zero(axes, "calls")


def _cpu(axes: Axes, report: Report) -> None:
    _time(axes, report.series)
    told = [second for second in report.series if second.cpu]
    middles = [second.second + 0.5 for second in told]
    others = [sum(cores for name, cores in second.cpu.items() if name not in SERVICES) for second in told]
    axes.fill_between(middles, others, color=GREY, alpha=0.2, linewidth=0)
    axes.plot(middles, others, color=GREY, linewidth=1)
    for name, colour in SERVICES.items():
        axes.plot(middles, [second.cpu.get(name, 0) for second in told], color=colour)
    _from_zero(axes, "cores", integer=False)


def _bars(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    axes.spines["bottom"].set_visible(False)
    axes.set_xlim(0, 118)
    axes.set_xticks([0, 25, 50, 75, 100])


def _waits(axes: Axes, report: Report) -> None:
    queues = [queue for queue in report.queues if queue.answered]
    _bars(axes, [queue.name for queue in queues])
    for place, queue in enumerate(queues):
        left = 0.0
        for count, colour in zip(queue.waits, SCALE, strict=True):
            width = 100 * count / queue.answered
            axes.barh(place, width, left=left, height=0.56, color=colour)
            left += width
        axes.text(102, place, f"{queue.answered:,}", va="center", color=MUTED)


def _connection(axes: Axes, report: Report) -> None:
    segments = [segment for segment in report.segments if segment.connection_rate is not None]
    _bars(axes, [segment.name for segment in segments])
    for place, segment in enumerate(segments):
        rate = 100 * (segment.connection_rate or 0)
        axes.barh(place, 100, height=0.56, color=LINE, alpha=0.6)
        axes.barh(place, rate, height=0.56, color=TEAL if rate >= 90 else AMBER)
        axes.text(102, place, f"{rate:.1f} %", va="center", color=INK)
