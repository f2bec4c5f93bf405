"""What benchmarks write down."""

import json

import pytest

from bench.__main__ import OPTIONAL, SECTIONS
from bench.report import PAGE, write_page, write_report
from bench.section import Section

SECTION = Section("Speed", ("what", "ms", "ratio"), [{"what": "a", "ms": 1234.5, "ratio": 1.2345}])


def test_table_stands_between_its_markers_when_it_is_written_again(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- bench speed begin -->old<!-- bench speed end -->\nafter\n")

    write_page("speed", SECTION, page)
    write_page("speed", SECTION, page)

    text = page.read_text()
    assert text.startswith("before\n<!-- bench speed begin -->\n### Speed\n")
    assert text.count("| a | 1,234 | 1.23 |") == 1
    assert "old" not in text
    assert text.endswith("<!-- bench speed end -->\nafter\n")


def test_page_is_refused_when_it_lacks_the_markers(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing\n")

    with pytest.raises(ValueError, match="markers"):
        write_page("speed", SECTION, page)


def test_report_keeps_other_sections_when_one_is_measured_again(tmp_path):
    path = tmp_path / "report.json"

    write_report("one", SECTION, path)
    write_report("two", SECTION, path)

    assert json.loads(path.read_text())["one"]["rows"] == SECTION.rows


@pytest.mark.parametrize("name", SECTIONS + OPTIONAL)
def test_page_has_a_place_for_every_section(name):
    text = PAGE.read_text(encoding="utf-8")

    assert text.index(f"<!-- bench {name} begin -->") < text.index(f"<!-- bench {name} end -->")
