from xml.etree import ElementTree as ET

from alpha_oracle.research.markup import as_html, as_xml, definitions, element
from tests.unit.research.tear_sheet.pages import read

HOSTILE = '<script>alert("1")</script> & \x00\x1b'


def test_text_and_attributes_are_never_markup():
    hostile = element("p", HOSTILE, title=HOSTILE)
    # What no document may hold is shown as replaced.
    shown = HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd")

    document = ET.fromstring(as_xml(hostile))
    assert (document.text, document.get("title"), len(document)) == (shown, shown, 0)
    (page,) = read(as_html(hostile)).children
    assert (page.children, page.attributes) == ([shown], {"title": shown})


def test_text_keeps_its_place_among_the_children():
    written = as_xml(element("p", "a", " b", element("b", "c"), "d", "e", element("i")))
    assert written == "<p>a b<b>c</b>de<i /></p>"


def test_attributes_are_spelled_as_html_wants_them():
    written = as_xml(element("rect", class_="gain", fill_opacity="0.3", x=1.25, y=3.0, rx=10))
    assert written == '<rect class="gain" fill-opacity="0.3" x="1.2" y="3" rx="10" />'


def test_definitions_pair_labels_with_texts():
    assert as_html(definitions({"Cash": "10 %"})) == "<dl><dt>Cash</dt><dd>10 %</dd></dl>"
