"""The page of a decision in a real browser: nothing from elsewhere, no complaint, as wide as a sheet of A4."""

from __future__ import annotations

import base64
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.frontend.browsing import Tab, opened
from tests.frontend.conftest import Shop
from tests.frontend.test_explorer import NAMES

pytestmark = pytest.mark.xdist_group("demo")

A4_WIDTH = 688
"""182 mm in pixels: A4 less the margins of the page."""
REFS = ("demo:P-0118", "demo:B-0007", "demo:B-0190", "demo:B-0211", "demo:B-0225")
"""Held with reasons of churn; held; without a score; forced; provisional with bounds."""
OVERFLOWING = """
[...document.querySelectorAll('td, th, dd, dt, p, li, h1, h2, code, span')]
  .filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
  .map(one => one.textContent.slice(0, 60))
"""
OUTSIDE = """
[...document.querySelectorAll('svg text')].map(one => [one.textContent, one.getBBox()])
  .filter(([, box]) => box.x < -0.5 || box.x + box.width > 680.5).map(([text]) => text)
"""
TOUCHING = """
(() => {
  const boxes = [...document.querySelectorAll('svg text')].map(one => [one.textContent, one.getBBox()]);
  const meet = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width
    && a.y + 2 < b.y + b.height && b.y + 2 < a.y + a.height;
  const met = ([text, box], others) => others.filter(([, other]) => meet(box, other)).map(([other]) => [text, other]);
  return boxes.flatMap((one, index) => met(one, boxes.slice(index + 1)));
})()
"""


@pytest.fixture(scope="module")
def tab(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A browser with a window as wide as the sheet; skipped with a reason where there is none."""
    browser = next((path for path in map(shutil.which, NAMES) if path), None)
    if browser is None:
        reason = f"no browser on PATH ({', '.join(NAMES)})"
        if os.environ.get("TOUCHSTONE_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with opened(browser, "about:blank", tmp_path_factory.mktemp("page")) as page:
        page.call("Log.enable")
        page.call("Emulation.setEmulatedMedia", media="print")
        page.call("Emulation.setDeviceMetricsOverride", width=A4_WIDTH, height=1000, deviceScaleFactor=1, mobile=False)
        yield page


def _open(tab: Tab, shop: Shop, ref: str, locale: str) -> dict[str, Any]:
    """Go to a customer's page, as its decision's `documentUrl` says."""
    wanted = f"decision {{ id digest documentUrl(locale: {locale.upper()}) }} explanation {{ score }}"
    found: dict[str, Any] = shop.customer(ref, wanted)
    tab.call("Page.navigate", url=shop.server.url + found["decision"]["documentUrl"])
    tab.wait(
        f"document.readyState === 'complete' && document.title.includes('{found['decision']['id']}')"
        f" && document.documentElement.lang.startsWith('{locale}')"
    )
    return found


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("ref", REFS)
def test_it_fits_the_sheet_and_nothing_is_cut_off(tab: Tab, shop: Shop, ref: str, locale: str) -> None:
    _open(tab, shop, ref, locale)
    assert tab.value("document.documentElement.scrollWidth") <= A4_WIDTH
    assert tab.value(OVERFLOWING) == []
    assert tab.value(OUTSIDE) == []
    assert tab.value(TOUCHING) == []
    assert tab.value("document.querySelectorAll('section').length") == 12


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_what_is_shown_adds_up(tab: Tab, shop: Shop, locale: str) -> None:
    found = _open(tab, shop, "demo:P-0118", locale)
    summed = tab.value(
        "[...document.querySelectorAll('.part')].reduce((sum, one) => sum + Math.round(one.innerText * 1e4), 0)"
    )
    assert summed == round(float(found["explanation"]["score"]) * 10_000) > 0
    assert tab.value("document.querySelector('#total').innerText") == found["explanation"]["score"]
    assert tab.value("document.querySelector('#digest').innerText") == found["decision"]["digest"]
    said = {"en": "Explanation of a customer tier", "zh": "客户等级说明书"}[locale]
    assert tab.value("document.querySelector('h1').innerText") == said


def test_its_own_style_is_applied_under_its_policy(tab: Tab, shop: Shop) -> None:
    _open(tab, shop, "demo:B-0007", "en")
    assert tab.value("getComputedStyle(document.querySelector('table.criteria')).borderCollapse") == "collapse"
    assert tab.value("getComputedStyle(document.querySelector('svg text.strong')).fontSize") == "11px"


def test_it_prints_on_few_sheets(tab: Tab, shop: Shop, tmp_path: Path) -> None:
    for locale in ("en", "zh"):
        _open(tab, shop, "demo:P-0118", locale)
        printed = tab.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        file = base64.b64decode(printed["data"])
        sizes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", file))
        assert {(round(float(width)), round(float(height))) for width, height in sizes} == {(595, 842)}
        assert 2 <= len(re.findall(rb"/Type /Page\b", file)) <= 5


def test_nothing_came_from_elsewhere_and_nothing_was_complained_of(tab: Tab, shop: Shop) -> None:
    _open(tab, shop, "demo:B-0022", "en")
    assert [url for url in tab.asked if not url.startswith((f"{shop.server.url}/", "data:", "about:blank"))] == []
    loaded = {url.removeprefix(shop.server.url) for url in tab.asked if url.startswith(shop.server.url)}
    assert loaded
    assert [path for path in loaded if not path.startswith("/decisions/")] == []
    assert tab.complaints == []
