"""The page as Chromium shows it, on a desk and on a phone: all is seen, nothing overflows, nothing complains.

The page is put into a frame of the width in question: a window of Chromium with no screen has a least width.
"""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from loadtest.load.page import page
from tests.loadtest.load.test_report import made

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="NOT TESTED: there is no chromium (deploy/packages test)"
)

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--virtual-time-budget=5000", "--window-size=1400,1000"),
)
MEASURE = """
<pre id="measured"></pre>
<script>
const frame = document.querySelector("iframe");
frame.addEventListener("load", () => {
  const page = frame.contentDocument, width = page.documentElement.clientWidth;
  const shown = element => element.getClientRects().length > 0;
  const name = one => one.tagName + " " + one.getAttribute("class") + " " + one.textContent.slice(0, 30);
  // what can be scrolled inside its own card is not beyond the page
  const beyond = [...page.body.querySelectorAll("*")].filter(element =>
    shown(element) && !element.closest(".scroll > *") && element.getBoundingClientRect().right > width + 0.5);
  const svgs = [...page.querySelectorAll("svg")].filter(shown);
  const cut = svgs.flatMap(svg => { const box = svg.getBoundingClientRect();
    return [...svg.querySelectorAll("text")].filter(text => { const own = text.getBoundingClientRect();
      return own.left < box.left - 1 || own.right > box.right + 1 || own.bottom > box.bottom + 1; }); });
  const small = svgs.flatMap(svg => [...svg.querySelectorAll("text")])
    .map(text => text.getBoundingClientRect().height);
  document.getElementById("measured").textContent = JSON.stringify({
    width, scrolls: page.documentElement.scrollWidth,
    beyond: beyond.map(name), cut: cut.map(name), letters: Math.min(...small.filter(height => height)),
    figures: [...page.querySelectorAll("figure")].map(figure => figure.id),
    plots: svgs.map(svg => { const box = svg.getBoundingClientRect(); return [box.width, box.height]; }),
    verdict: page.querySelector(".verdict")?.textContent, plain: page.body.innerText.length,
  });
});
</script>
"""


def seen_at(width, text, folder: Path):
    """What a browser shows in a frame so wide, and what it complains of."""
    file = folder / "frame.html"
    frame = f'<iframe width="{width}" height="3000" style="border:0" srcdoc="{html.escape(text)}"></iframe>'
    file.write_text(f'<!doctype html><meta charset="utf-8"><body>{frame}{MEASURE}', encoding="utf-8")
    profile = folder / "profile"
    command = (CHROMIUM, *QUIET, f"--user-data-dir={profile}", "--dump-dom", file.as_uri())
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    told = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told, done.stdout[-2000:]
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(told[1])), complaints


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("failed", [0, 3])
def test_everything_is_seen_and_nothing_overflows(width, failed, tmp_path):
    report = made(failed=failed, wrong=["139****8000 went to queue:expert, not to queue:elder-care"] * failed)
    found, complaints = seen_at(width, page(report), tmp_path)
    assert complaints == []
    assert found["verdict"] == ("Not as expected" if failed else "All as expected")
    assert (found["width"], found["scrolls"]) == (width, width)
    assert (found["beyond"], found["cut"]) == ([], [])
    assert found["figures"] == ["calls", "decisions", "waiting", "cpu", "waits", "connection"]
    assert len(found["plots"]) == len(found["figures"])
    assert all(wide > 250 and high > 120 for wide, high in found["plots"])
    assert found["letters"] >= 9  # pixels from the top of a line to its bottom


def test_what_is_wrong_with_a_page_is_found(tmp_path):
    """Else the test above would be worth nothing."""
    broken = page(made()).replace(
        "<main>", '<main><div style="width:2000px">wide</div><script>console.error("no")</script>'
    )
    found, complaints = seen_at(400, broken, tmp_path)
    assert len(complaints) == 1
    assert found["scrolls"] > 400
    assert [one for one in found["beyond"] if "wide" in one]
