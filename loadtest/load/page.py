"""The report as one page of HTML that needs nothing else: no network, no script."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from loadtest.load.figures import Group, Spread
from loadtest.load.plots import Plot, plots
from loadtest.load.report import Report

SHOWN = 20
"""Lines of what went wrong; the JSON has more."""
_STYLE = Path(__file__).with_name("page.css")


def page(report: Report) -> str:
    """The page of a report."""
    verdict = "All as expected" if report.passed else "Not as expected"
    state = "passed" if report.passed else "failed"
    title = f"{report.name} – load test of {report.began:%Y-%m-%d %H:%M} UTC"
    parts = [
        f'<header class="{state}"><h1>{escape(report.name)}</h1>',
        f'<span class="verdict">{verdict}</span></header>',
        f'<p class="what">{escape(str(report.plan["description"]))}</p>',
        f'<p class="muted">{report.began:%A, %d %B %Y, %H:%M} UTC · {_number(report.plan["seconds"])} s ·',
        f"{report.customers:,} customers · seed {report.seed}</p>",
        _headline(report),
        "<h2>What was expected</h2>",
        _card(_checks(report)),
        "<h2>How it went</h2>",
        f'<div class="plots">{"".join(_figure(plot) for plot in plots(report))}</div>',
        *_failures(report),
        "<h2>In figures</h2>",
        _card(_spreads(report)),
        '<div class="pair" style="margin-top:20px">',
        _card("<h3>Requests for a person by segment</h3>" + _groups(report.segments)),
        _card("<h3>By queue asked for</h3>" + _groups(report.queues)),
        "</div>",
        "<h2>Processes</h2>",
        _card(_processes(report)),
        "<h2>What was run, and on what</h2>",
        '<div class="pair">',
        _card(f"<h3>Plan</h3><pre>{escape(chr(10).join(_lines(report.plan)))}</pre>"),
        _card(_pairs("Versions", report.versions) + "<br>" + _pairs("Machine", report.machine)),
        "</div>",
        f"<footer>{escape(report.format)}. The same figures are in the JSON beside this page;",
        "docs/load.md says how each is measured.</footer>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,">'
        f"<style>{_STYLE.read_text(encoding='utf-8')}</style></head>\n"
        f"<body><main>{chr(10).join(parts)}</main></body></html>\n"
    )


def _card(inner: str) -> str:
    return f'<div class="card"><div class="scroll">{inner}</div></div>'


def _headline(report: Report) -> str:
    totals = report.totals
    rate = totals.connection_rate
    cells = [
        ("calls placed", f"{totals.placed:,}", ""),
        ("connection rate", "–" if rate is None else f"{100 * rate:.1f}", "%"),
        ("failed", f"{totals.failed:,}", ""),
        ("wrong", f"{totals.wrong:,}", ""),
        ("decision, p99", _p99(totals.decision_ms), "ms"),
        ("added post-dial delay, p99", _p99(totals.added_ms), "ms"),
    ]
    shown = (
        f"<div><b>{value}{f' <small>{unit}</small>' if unit else ''}</b><span>{name}</span></div>"
        for name, value, unit in cells
    )
    return f'<div class="figures">{"".join(shown)}</div>'


def _p99(spread: Spread | None) -> str:
    return "–" if spread is None else f"{spread.p99:.2f}"


def _checks(report: Report) -> str:
    rows = (
        f'<tr><td>{escape(check.name)}</td><td class="n">{escape(check.wanted)}</td>'
        f'<td class="n">{escape(check.measured)}</td>'
        f'<td class="n {"ok" if check.passed else "not"}">{"✓" if check.passed else "✗ not"} passed</td></tr>'
        for check in report.checks
    )
    return _table(("", "wanted", "measured", ""), rows)


def _failures(report: Report) -> Iterator[str]:
    if report.failures:
        yield "<h2>What went wrong</h2>"
        lines = Counter(report.failures)
        shown = "".join(
            f"<li>{escape(line)}{f' <b>×&thinsp;{count}</b>' if count > 1 else ''}</li>"
            for line, count in lines.most_common(SHOWN)
        )
        more = len(lines) - SHOWN
        rest = f'<p class="muted">and {more} more, in the JSON</p>' if more > 0 else ""
        yield _card(f'<ul class="wrong">{shown}</ul>{rest}')


def _figure(plot: Plot) -> str:
    legend = "".join(
        f'<li><i style="background:{colour}"></i>{escape(label)}</li>' for label, colour in plot.legend
    )
    svgs = "".join(
        svg.replace("<svg", f'<svg class="{size}" role="img" aria-label="{escape(plot.title)}"', 1)
        for size, svg in plot.svgs.items()
    )
    return (
        f'<figure id="{plot.name}"><figcaption><h3>{escape(plot.title)}</h3><p>{escape(plot.caption)}</p>'
        f"</figcaption>{f'<ul class=legend>{legend}</ul>' if legend else ''}{svgs}</figure>"
    )


def _spreads(report: Report) -> str:
    totals = report.totals
    rows = (
        f"<tr><td>{name}</td>{_cells(spread)}</tr>"
        for name, spread in (
            ("decision, ms", totals.decision_ms),
            ("post-dial delay of routed calls, ms", totals.routed_ms),
            ("the same of control calls, ms", totals.control_ms),
            ("added by routing, ms", totals.added_ms),
            ("placed after its time, ms", totals.late_ms),
            ("wait of those answered, s", totals.wait_s),
        )
    )
    return _table(("", "count", "median", "p95", "p99", "most"), rows)


def _cells(spread: Spread | None) -> str:
    values = ("–",) * 5
    if spread is not None:
        times = (f"{value:,.2f}" for value in (spread.p50, spread.p95, spread.p99, spread.most))
        values = (f"{spread.count:,}", *times)  # type: ignore[assignment]
    return "".join(f'<td class="n">{value}</td>' for value in values)


def _groups(groups: Sequence[Group]) -> str:
    rows = (
        f'<tr><td>{escape(group.name)}</td><td class="n">{group.requests:,}</td>'
        f'<td class="n">{group.answered:,}</td><td class="n">{group.abandoned:,}</td>'
        f'<td class="n">{"–" if group.wait_s is None else f"{group.wait_s.p95:g} s"}</td></tr>'
        for group in groups
    )
    return _table(("", "requests", "answered", "hung up", "wait, p95"), rows)


def _processes(report: Report) -> str:
    rows = (
        f'<tr><td>{escape(process.name)}</td><td class="n">{process.cpu_mean:.2f}</td>'
        f'<td class="n">{process.cpu_most:.2f}</td><td class="n">{process.rss_most:,.0f}</td></tr>'
        for process in report.processes
    )
    return _table(("", "cores, mean", "cores, busiest second", "memory, MB"), rows)


def _table(head: Sequence[str], rows: Iterable[str]) -> str:
    cells = "".join(f"<th{' class=n' if place else ''}>{name}</th>" for place, name in enumerate(head))
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _pairs(title: str, pairs: Mapping[str, str]) -> str:
    told = "".join(
        f"<dt>{escape(key.replace('_', ' '))}</dt><dd>{escape(value)}</dd>" for key, value in pairs.items()
    )
    return f'<h3>{title}</h3><dl style="margin-top:10px">{told}</dl>'


def _lines(node: Mapping[str, object], depth: int = 0) -> Iterator[str]:
    """A plan as it would stand in its file; what is not set is left out."""
    for key, value in node.items():
        match value:
            case None | {}:
                continue
            case Mapping():
                yield f"{'  ' * depth}{key}:"
                yield from _lines(value, depth + 1)
            case list() | tuple():
                yield f"{'  ' * depth}{key}: [{', '.join(map(_number, value))}]"
            case _:
                yield f"{'  ' * depth}{key}: {_number(value)}"


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
