from xml.etree import ElementTree as ET

from alpha_oracle.ml.scores import ReliabilityBin
from alpha_oracle.research.reliability import reliability_chart

SVG = "{http://www.w3.org/2000/svg}"


def bin_of(confidence, accuracy, forecasts):
    return ReliabilityBin(
        low=0.0, high=1.0, forecasts=forecasts, confidence=confidence, accuracy=accuracy
    )


EMPTY = bin_of(None, None, 0)
SURE = [bin_of(0.4, 0.4, 400), EMPTY, bin_of(0.9, 0.5, 100)]


def drawn(**series):
    return ET.fromstring(reliability_chart(series, title="Reliability"))


def test_a_forecast_that_keeps_its_word_lies_on_the_diagonal():
    picture = drawn(after=[bin_of(share, share, 10) for share in (0.4, 0.6, 0.8)])
    diagonal = picture.find(f"{SVG}line[@class='zero dashed']")
    x1, y1, x2, y2 = (float(diagonal.get(name)) for name in ("x1", "y1", "x2", "y2"))
    for dot in picture.findall(f"{SVG}circle"):
        along = (float(dot.get("cx")) - x1) / (x2 - x1)
        assert abs(float(dot.get("cy")) - (y1 + along * (y2 - y1))) < 0.2


def test_one_that_promised_too_much_lies_below_it_and_smaller_where_it_is_rare():
    usual, sure = drawn(before=SURE).findall(f"{SVG}circle")
    assert float(usual.get("cx")) < float(sure.get("cx"))
    # Half came of what was 90 % sure: the dot lies where 50 % is, far below the diagonal's 90 %.
    assert (
        float(sure.get("cy"))
        > float(drawn(a=[bin_of(0.9, 0.9, 1)]).find(f"{SVG}circle").get("cy")) + 100
    )
    assert float(usual.get("r")) > float(sure.get("r"))


def test_before_and_after_are_two_lines_with_their_names():
    picture = drawn(before=SURE, after=[bin_of(0.5, 0.5, 5)], nothing=[EMPTY])
    lines = picture.findall(f"{SVG}polyline")
    assert len({line.get("stroke") for line in lines}) == len(lines) == 2
    words = {node.text for node in picture.iter(f"{SVG}text")}
    assert {"before", "after"} <= words
    assert "nothing" not in words
