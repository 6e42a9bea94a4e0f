"""What the page of a bundle says, and what it never does."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from leapp_core.bundle import load_document
from leapp_core.plugins.manager import PluginManager
from leapp_core.report import FILE, render_page, write_report
from tests.cli.invoke import leapp
from tests.report.conftest import export


class Page(HTMLParser):
    """Words, tags and data of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.data = ""
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = dict(attrs).get("id") or tag

    def handle_data(self, data: str) -> None:
        if self._in == "data":
            self.data += data
        elif self._in not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page_of(folder: Path) -> Page:
    return Page((folder / FILE).read_text(encoding="utf-8"))


def test_an_export_leaves_a_page_that_shows_ports_state_validation_and_models(bundle: Path) -> None:
    page = page_of(bundle)
    for words in (
        "n0/joint_pos",
        "n1/action",
        "validated: replay, fresh inputs",
        "float32 1\N{MULTIPLICATION SIGN}3",
        "sha256",
        "all 0.0",
    ):
        assert words in page.text
    curves = json.loads(page.data)[0]["episodes"]
    ports = {entry["port"]: entry for entry in curves[0]["ports"]}
    assert len(ports["n1/action"]["expected"]) == 3
    assert ports["n1/action"]["expected"][0] == pytest.approx(ports["n1/action"]["found"][0], abs=1e-5)
    assert max(ports["n1/action"]["error"]) < 1e-5
    assert any(entry["state"] for entry in ports.values())


def test_a_page_asks_the_network_for_nothing(bundle: Path) -> None:
    page = page_of(bundle)
    addresses = [value for _, attributes in page.tags for key, value in attributes.items() if key in ("src", "href")]
    assert [a for a in addresses if not str(a).startswith(("data:", "#"))] == []
    policy = next(a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a)
    assert str(policy).startswith("default-src 'none'")


def test_equal_exports_have_equal_pages(tmp_path: Path) -> None:
    pages = [(export(tmp_path / place, "same") / FILE).read_bytes() for place in ("a", "b")]
    assert pages[0] == pages[1]


def test_twelve_nodes_stay_under_two_megabytes(tmp_path: Path) -> None:
    page = export(tmp_path, "chain", nodes=12) / FILE
    assert page.stat().st_size < 2_000_000
    assert "n11/action" in page_of(page.parent).text


HOSTILE = "</script><img src=x onerror=alert(1)>"


def test_names_and_texts_of_a_foreign_bundle_are_text(bundle: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "walker"
    shutil.copytree(bundle, foreign)
    name = "<script>alert(1)<script>"  # a slash is refused in port names, before any page is made
    yaml = foreign / "walker.yaml"
    yaml.write_text(yaml.read_text(encoding="utf-8").replace("action", name), encoding="utf-8")
    report = foreign / "report.json"
    said = json.loads(report.read_text(encoding="utf-8"))
    said["notes"], said["unproven"], said["warnings"] = [HOSTILE], [HOSTILE], [HOSTILE]
    said["constants"] = [{"name": HOSTILE, "where": f"{HOSTILE}: {HOSTILE}", "warning": HOSTILE, "shape": []}]
    said["closed_loop"] = {"level": HOSTILE, "trace": {"ports": [{"port": HOSTILE}]}}
    report.write_text(json.dumps(said), encoding="utf-8")
    write_report(foreign, PluginManager())
    page = page_of(foreign)
    assert f"n1/{name}" in page.text
    assert HOSTILE in page.text
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 3
    assert [attributes for tag, attributes in page.tags if "onerror" in attributes] == []
    assert json.loads(page.data)[0]["closed_loop"]["ports"][0]["port"] == HOSTILE


def test_no_source_leaves_the_code_out(bundle: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    constants = json.loads((bundle / "report.json").read_text(encoding="utf-8"))["constants"]
    lines = [constant["where"].partition(": ")[2] for constant in constants]
    loaded = load_document(bundle)
    with_source = Page(render_page([loaded], PluginManager())).text
    assert leapp("report", str(bundle), "--no-source", "-o", str(page)).code == 0
    without = Page(page.read_text(encoding="utf-8")).text
    for line in filter(None, lines):
        assert line in with_source
        assert line not in without


def test_two_bundles_begin_with_what_differs(bundle: Path, tmp_path: Path) -> None:
    other = export(tmp_path / "other", "crawler", nodes=1)
    page = tmp_path / "both.html"
    assert leapp("report", str(bundle), str(other), "-o", str(page)).code == 0
    text = Page(page.read_text(encoding="utf-8")).text
    assert "What differs between the bundles" in text
    assert "input n0/joint_pos float32 1\N{MULTIPLICATION SIGN}3 missing differs" in text


def test_bench_is_shown_outside_the_bundle_only(bundle: Path, tmp_path: Path) -> None:
    before = (bundle / FILE).read_bytes()
    page = tmp_path / "bench.html"
    assert leapp("report", str(bundle), "--bench", "-o", str(page)).code == 0
    assert "median step" in Page(page.read_text(encoding="utf-8")).text
    assert (bundle / FILE).read_bytes() == before


def test_a_page_is_written_to_html_files_only(bundle: Path, tmp_path: Path) -> None:
    result = leapp("report", str(bundle), "-o", str(tmp_path / "page.pdf"))
    assert result.code == 2
    assert "a file name that ends in .html" in result.err
