"""The report in a real browser, where there is one (CI installs it)."""

import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path

import pytest

from tests.training.test_report import labels_of, page_of, samples_of

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")]

OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync")  # fmt: skip
MEASURE = """<script>
addEventListener("load", () => {
  document.querySelectorAll("details").forEach(d => d.open = true);
  const page = document.documentElement;
  const shown = [...document.querySelectorAll("main *")].filter(e => !e.closest(".wide, svg, .hidden"));
  const wide = shown.filter(e => e.getBoundingClientRect().right > page.clientWidth + 1);
  const words = [...document.querySelectorAll("svg text")].filter(t => {
    const box = t.getBoundingClientRect(), frame = t.closest("svg").getBoundingClientRect();
    return box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 2 || box.bottom > frame.bottom + 2;
  });
  document.title = `beyond ${page.scrollWidth - page.clientWidth}; out ${wide.length}; cut ${words.length}`;
});
</script>"""


def run(page: Path, tmp_path: Path, *options: str) -> str:
    assert CHROMIUM
    command = [CHROMIUM, *OPTIONS, f"--user-data-dir={tmp_path / 'profile'}", *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=180).stdout


def measured(html: str, width: int, tmp_path: Path) -> str:
    """Return what a script put into the title of a copy that lets scripts run, framed at ``width`` (windows cannot be so narrow)."""
    copy = re.sub(r"<meta http-equiv[^>]*>", "", html).replace("</body>", MEASURE + "</body>")
    style = f"width:{width}px;height:900px;border:0"
    told = "document.title = this.contentDocument.title"
    frame = f'<!doctype html><title>not run</title><iframe style="{style}" onload="{told}" srcdoc="{escape(copy)}"></iframe>'
    (tmp_path / "frame.html").write_text(frame, encoding="utf-8")
    found = re.search(r"<title>(.*?)</title>", run(tmp_path / "frame.html", tmp_path, "--virtual-time-budget=5000", "--dump-dom"), re.DOTALL)
    assert found
    return unescape(found[1])


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_never_scrolls_sideways_and_no_word_of_a_chart_is_cut(lang: str, width: int, tmp_path: Path) -> None:
    html = page_of(samples_of(), labels_of(), lang=lang, old=labels_of(0.5))
    assert measured(html, width, tmp_path) == "beyond 0; out 0; cut 0"


def test_a_page_too_wide_and_a_word_cut_would_be_seen(tmp_path: Path) -> None:
    cut = '<svg viewBox="0 0 100 20"><text x="95" y="10">mot coupé</text></svg><div style="width:500px">x</div></main>'
    html = page_of(samples_of(), labels_of()).replace("</main>", cut)
    assert measured(html, 360, tmp_path) == "beyond 171; out 1; cut 1"


def test_scripts_do_not_run_in_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(page_of(samples_of(), labels_of()).replace("</body>", "<script>document.title = 'run'</script></body>"), encoding="utf-8")
    assert "<title>Rapport" in run(page, tmp_path, "--dump-dom")


def test_a_screenshot_can_be_taken(tmp_path: Path) -> None:
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text(page_of(samples_of(), labels_of()), encoding="utf-8")
    run(page, tmp_path, f"--screenshot={picture}", "--window-size=1200,3000")
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 50_000
