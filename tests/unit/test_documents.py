import pyarrow as pa

from nightrec.documents import documents, first_pieces, of_fold

TEXTS = pa.table(
    {"item_id": ["b", "a", "b", "b"], "place": [2, 0, 0, 1], "text": ["old", "Hat", "Cup", "new"],
     "is_held_out": [False, False, False, True]}
)  # fmt: skip


def test_pieces_are_joined_by_place():
    assert documents(TEXTS).to_pydict() == {"item_id": ["a", "b"], "text": ["Hat", "Cup. new. old"]}


def test_the_cut_does_not_read_what_was_written_since():
    assert documents(of_fold(TEXTS, "cut"))["text"].to_pylist() == ["Hat", "Cup. old"]
    assert of_fold(TEXTS, "all").equals(TEXTS)


def test_no_texts_make_no_documents():
    assert documents(TEXTS.slice(0, 0)).num_rows == 0


def test_first_pieces_are_counted_among_those_that_are_left():
    rows = [("b", 3, "z"), ("a", 1, "q"), ("b", 1, "x"), ("b", 2, "y"), ("a", 7, "r"), ("a", 9, "s")]
    table = pa.table(dict(zip(("user_id", "place", "text"), map(list, zip(*rows, strict=True)), strict=True)))
    assert first_pieces(table, 2)["text"].to_pylist() == ["q", "r", "x", "y"]
    assert first_pieces(table.slice(0, 0), 2).num_rows == 0
