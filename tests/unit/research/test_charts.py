from xml.etree import ElementTree as ET

from alpha_oracle.research.charts import data_uri, line_chart

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
