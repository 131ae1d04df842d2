from base64 import b64encode

from nightrec.cleaning.columns import COUNTS, clean_texts, mask_lines
from nightrec.cleaning.words import Rules

RULES = Rules(20, ["CN"], ["en", "zh"])


def test_rows_are_cleaned_in_one_pass_and_rows_without_text_stay_empty(spark):
    rows = [
        (1, "<b>13812345678</b>, a@b.com", "4111111111111111"),
        (2, None, None),
        (3, "花园铲", "x" * 30),
        (4, "<br>", "a@b.com " * 2),
    ]
    cleaned = clean_texts(spark.createDataFrame(rows, "k int, title string, description string"),
                          ["title", "description"], RULES)  # fmt: skip
    got = {row["k"]: row for row in cleaned.orderBy("k").collect()}
    texts = {k: (row["title"], row["title_language"], row["description"]) for k, row in got.items()}
    assert texts == {
        1: ("<phone>, <email>", None, "<card>"),
        2: (None, None, None),
        3: ("花园铲", "zh", "x" * 20),
        4: (None, None, "<email> <email>"),
    }
    assert [tuple(got[k][count] for count in COUNTS) for k in got] == [
        (1, 1, 1, 0),
        (0,) * 4,
        (0, 0, 0, 1),
        (2, 0, 0, 0),
    ]
    plan = cleaned._jdf.queryExecution().executedPlan().toString()
    assert plan.count("ArrowEvalPython") == 1


def test_mask_lines_reads_base64_and_passes_over_empty_ones(spark):
    rows = [(1, "call 13812345678", "utf-8"), (2, None, "utf-8"), (3, _base64(b"\xff 13812345678"), "base64")]
    lines = spark.createDataFrame(rows, "k int, raw string, raw_encoding string")
    masked = lines.withColumn("raw", mask_lines(RULES)("raw", "raw_encoding"))
    found = [row["raw"] for row in masked.orderBy("k").collect()]
    assert found == ["call <phone>", None, _base64(b"\xff <phone>")]


def _base64(raw):
    return b64encode(raw).decode()
