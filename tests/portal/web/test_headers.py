"""A header as people read it."""

from typing import Any

from portal.web.headers import LONGEST_VALUE, MOST_ROWS, table_of


def lines(header: dict[str, Any]) -> list[tuple[int, str, str, str]]:
    return [(row.depth, row.tag, row.name, row.text) for row in table_of(header).rows]


def test_elements_stand_in_the_order_of_their_tags_with_their_names():
    assert lines({"EchoTime": 2.98, "Modality": "MR", "ImageType": ["A", "B"]}) == [
        (0, "0008,0008", "Image Type", "A, B"),
        (0, "0008,0060", "Modality", "MR"),
        (0, "0018,0081", "Echo Time", "2.98"),
    ]


def test_a_sequence_is_unfolded_and_its_items_are_numbered():
    header = {
        "ProcedureCodeSequence": [{"CodeValue": "1"}, {"CodeValue": "2"}],
        "AnatomicRegionSequence": [{"CodeMeaning": "Brain"}],
    }

    assert lines(header) == [
        (0, "0008,1032", "Procedure Code Sequence", "2 items"),
        (1, "", "Item 1", ""),
        (1, "0008,0100", "Code Value", "1"),
        (1, "", "Item 2", ""),
        (1, "0008,0100", "Code Value", "2"),
        (0, "0008,2218", "Anatomic Region Sequence", "1 item"),
        (1, "0008,0104", "Code Meaning", "Brain"),
    ]


def test_what_was_cut_says_how_much_there_was():
    header = {
        "PixelData": {"bytes": 131072},
        "SourceImageSequence": [{"Modality": "MR"}, {"items": 500}],
        "ProcedureCodeSequence": [{"items": 3}],
        "WaveformData": [1, 2, {"items": 300}],
    }

    texts = {name: text for _, _, name, text in lines(header)}
    assert texts["Pixel Data"] == "131,072 bytes, not shown"
    assert texts["Source Image Sequence"] == "500 items, 1 shown"
    assert texts["Procedure Code Sequence"] == "3 items, 0 shown"
    assert texts["Waveform Data"] == "1, 2, … 300 values in all"


def test_private_elements_keep_their_tags():
    assert lines({"(0019,100a)": 36, "StudyDate": ""}) == [
        (0, "0008,0020", "Study Date", ""),
        (0, "0019,100A", "Private", "36"),
    ]


def test_a_very_long_header_is_cut_and_says_so():
    header = {f"(0019,{number:04x})": "x" for number in range(MOST_ROWS + 7)}

    table = table_of(header)

    assert len(table.rows) == MOST_ROWS
    assert table.left_out == 7


def test_a_very_long_value_is_cut_and_says_so():
    [(_, _, _, text)] = lines({"ImageComments": "x" * (LONGEST_VALUE + 1)})

    assert text == "x" * LONGEST_VALUE + "… (1,001 characters)"


def test_anything_that_json_can_hold_is_shown():
    header: dict[str, Any] = {
        "A": None,
        "B": True,
        "C": [],
        "D": {},
        "E": [[1], {"x": []}],
        "F": [{}],
    }

    assert [text for _, _, _, text in lines(header)] == [
        "",
        "True",
        "",
        "",
        "1, ",
        "1 item",
    ]
