from itertools import pairwise
from math import inf, nan
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.research.charts import (
    LIGHT,
    Plot,
    data_uri,
    drawing,
    line_chart,
    spread,
    standalone,
    stretches,
    ticks,
)

SVG = "{http://www.w3.org/2000/svg}"


def drawn(series, title="Equity"):
    return ET.fromstring(line_chart(series, title=title, labels=("2015", "2016")))


def test_each_series_is_a_line_over_the_whole_width():
    lines = drawn({"A": [1.0, 2.0, 3.0], "B": [3.0, 1.0]}).findall(f"{SVG}polyline")

    first_x = [line.get("points").split()[0].split(",")[0] for line in lines]
    last_x = [line.get("points").split()[-1].split(",")[0] for line in lines]
    assert len(lines) == 2
    assert len(set(first_x)) == 1
    assert len(set(last_x)) == 1


def test_a_higher_value_is_drawn_higher():
    (line,) = drawn({"A": [1.0, 5.0]}).findall(f"{SVG}polyline")

    low, high = (float(point.split(",")[1]) for point in line.get("points").split())
    assert high < low


def test_names_cannot_break_out_of_the_picture():
    texts = [node.text for node in drawn({"<script>": [1.0]}, title="a & b").iter(f"{SVG}text")]

    assert "<script>" in texts
    assert "a & b" in texts


def test_nothing_and_a_flat_line_are_drawn():
    assert drawn({}).findall(f"{SVG}polyline") == []
    assert len(drawn({"A": [2.0, 2.0]}).findall(f"{SVG}polyline")) == 1


def test_the_picture_travels_as_an_address():
    assert data_uri("<svg/>") == "data:image/svg+xml;base64,PHN2Zy8+"


def test_a_series_of_nothing_is_left_out():
    assert len(drawn({"A": [], "B": [1.0, 2.0]}).findall(f"{SVG}polyline")) == 1


def test_names_of_lines_that_end_together_do_not_cover_one_another():
    texts = drawn({"A": [1.0, 2.0], "B": [2.0, 2.0]}).iter(f"{SVG}text")
    places = {node.text: float(node.get("y")) for node in texts}
    assert abs(places["A"] - places["B"]) >= 14


def test_a_line_has_a_gap_where_a_value_is_unknown():
    assert list(stretches([nan, 1.0, 2.0, inf, 3.0])) == [range(1, 3), range(4, 5)]
    plot = Plot(width=300, height=100, count=5, low=0.0, high=3.0)
    lines = plot.lines([nan, 1.0, 2.0, nan, 3.0])
    assert [len(line.get("points").split()) for line in lines] == [2, 1]


def test_an_area_reaches_from_its_values_to_zero():
    plot = Plot(
        width=120, height=110, count=3, low=-10.0, high=0.0, left=10, right=10, top=10, bottom=0
    )
    (area,) = plot.area([-5.0, -10.0, 0.0])
    assert area.get("points") == "10.0,10.0 10.0,60.0 60.0,110.0 110.0,10.0 110.0,10.0"


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        pytest.param(0.0, 100.0, [0.0, 25.0, 50.0, 75.0, 100.0], id="to the end"),
        pytest.param(97.0, 163.0, [80.0, 100.0, 120.0, 140.0, 160.0, 180.0], id="around"),
        pytest.param(-0.013, 0.021, [-0.02, -0.01, 0.0, 0.01, 0.02, 0.03], id="small, zero among"),
        pytest.param(5.0, 5.0, [5.0, 10.0], id="one value"),
        pytest.param(0.0, 0.0, [0.0, 1.0], id="nothing"),
    ],
)
def test_ticks_are_round_and_hold_the_values(low, high, marks):
    assert ticks(low, high) == pytest.approx(marks)


@given(low=st.floats(-1e9, 1e9), span=st.floats(1e-3, 1e9))
def test_ticks_are_few_ascending_and_hold_the_values(low, span):
    marks = ticks(low, low + span)
    assert 2 <= len(marks) <= 8
    assert all(right > left for left, right in pairwise(marks))
    assert marks[0] <= low + 1e-6 * span
    assert marks[-1] >= low + span - 1e-6 * span


@given(st.lists(st.floats(0, 300), max_size=6))
def test_places_are_spread_downwards_and_keep_their_order(places):
    moved = spread(places, apart=14.0)
    assert all(after >= before for before, after in zip(places, moved, strict=True))
    ordered = sorted(moved)
    assert all(below - above >= 14.0 - 1e-9 for above, below in pairwise(ordered))


def test_a_drawing_of_its_own_brings_its_colours_and_size():
    picture = ET.fromstring(standalone(drawing(width=200, height=50, label="a < b")))
    assert (picture.get("width"), picture.get("height")) == ("200", "50")
    assert picture.get("aria-label") == "a < b"
    assert LIGHT in picture.find(f"{SVG}style").text
