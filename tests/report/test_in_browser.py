"""The page in a real browser: nothing is asked of the network, nothing fails, every control does what it says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)

pytestmark = [pytest.mark.browser]


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    assert CHROMIUM, "the page is tested in Chromium: install Debian's package chromium"
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield opened
        opened.close()


@pytest.fixture(params=[("desk", 1280, "light"), ("phone", 390, "dark")], ids=lambda param: param[0])
def page(browser, bundle: Path, request: pytest.FixtureRequest) -> Iterator[object]:
    _, width, scheme = request.param
    opened = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    opened.width, opened.problems = width, []
    opened.on("console", lambda message: opened.problems.append(message.text))
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    opened.on("request", lambda r: None if r.url.startswith(("file:", "data:")) else opened.problems.append(r.url))
    opened.goto((bundle / "report.html").as_uri())
    yield opened
    assert opened.problems == []
    opened.close()


def test_the_page_fits_and_follows_the_colours_of_the_system(page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.width
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert page.evaluate("document.documentElement.dataset.theme") == ("dark" if dark else "light")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_the_filter_leaves_the_rows_that_match_and_says_how_many(page) -> None:
    page.fill("#filter", "joint_pos")
    shown = page.locator("section > .scroll tbody tr:not(.hidden)")
    assert shown.count() > 0
    assert all("joint_pos" in text for text in shown.all_text_contents())
    assert page.text_content("#hits") == f"{shown.count()} row{'' if shown.count() == 1 else 's'}"
    page.fill("#filter", "")
    assert page.locator("article tbody tr.hidden").count() == 0


def test_curves_follow_the_choice_of_episode_port_and_element(page) -> None:
    assert page.locator(".chart canvas").count() == 2
    first = page.text_content(".chart + details, .charts h3")
    for number, select in enumerate(page.locator(".charts select").all()):
        for index in range(select.locator("option").count()):
            select.select_option(index=index)
            assert page.locator(".chart canvas").count() >= 2, number
    assert page.text_content(".charts h3") != first
    page.locator(".charts summary").first.click()
    assert page.locator(".charts details table").first.is_visible()


def test_the_picture_grows_by_button_and_by_key(page) -> None:
    width = "document.querySelector('.canvas img').clientWidth"
    fitted = page.evaluate(width)
    page.click("[data-zoom='1.25']")
    larger = page.evaluate(width)
    assert larger > fitted
    page.focus(".canvas")
    page.keyboard.press("-")
    assert page.evaluate(width) < larger
    page.keyboard.press("0")
    assert page.evaluate(width) == fitted


def test_every_control_is_reached_by_the_tab_key_and_has_a_name(page) -> None:
    wanted = page.locator("a:visible, button:visible, input:visible, select:visible, summary:visible").count()
    names = []
    for _ in range(wanted + 2):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(
                "(() => { const e = document.activeElement; return e.getAttribute('aria-label')"
                " || e.labels?.[0]?.textContent || e.textContent; })()"
            )
        )
    assert all(name.strip() for name in names)
    for expected in ("Skip to the content", "Filter", "Larger", "Episode", "Copy"):
        assert any(expected in name for name in names), expected


def test_copy_takes_the_snippet(page) -> None:
    page.locator(".copy").first.click()
    page.wait_for_function("/^(Copied|Selected)/.test(document.querySelector('.copy').textContent)")


def test_on_a_phone_every_value_is_seen_without_scrolling_sideways(page) -> None:
    tables = page.locator("section > .scroll").all()
    hidden = [t.evaluate("e => e.scrollWidth - e.clientWidth") for t in tables]
    if page.width < 500:
        assert [pixels for pixels in hidden if pixels > 0] == []
        cell = page.locator("section > .scroll td[data-head]:visible").first
        assert cell.evaluate("e => getComputedStyle(e, '::before').content").strip('"') != ""


def test_what_is_scrolled_is_reached_by_keyboard_and_named(page) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.wait_for_timeout(1000)  # the page is drawn anew 0.2 s after its size changed
    wide = page.evaluate(
        "[...document.querySelectorAll('.scroll, pre')].filter(e => e.scrollWidth > e.clientWidth)"
        ".map(e => [e.tabIndex, e.getAttribute('role'), e.getAttribute('aria-label')])"
    )
    assert wide
    assert all(tab == 0 and role == "group" and name for tab, role, name in wide)


@pytest.mark.parametrize(("low", "step"), [(0.0, 5e-9), (-0.55, 0.05), (59.9, 0.05), (1000.0, 0.5)])
def test_marks_of_an_axis_differ_however_small_the_values(page, low: float, step: float) -> None:
    texts = page.evaluate(
        "([low, step]) => leappMarks(null, [0, 1, 2, 3].map(i => low + i * step), 0, 0, step)", [low, step]
    )
    assert len(set(texts)) == 4
    assert [float(text) for text in texts] == pytest.approx([low + i * step for i in range(4)], abs=step / 100)
