import pytest

from nightrec.cleaning.masking import Masked, mask, mask_bytes, mask_line

REGIONS = ["US", "CN"]

EMAILS = [
    ("write to first.last+tag@shop.co.uk.", "write to <email>."),
    ("发到zhang@qq.com谢谢", "发到<email>谢谢"),
    ("邮箱：ｚｈａｎｇ＠ｑｑ．ｃｏｍ，谢谢", "邮箱：<email>，谢谢"),
    ("a@b.com,c@d.org", "<email>,<email>"),
    ("13812345678@qq.com", "<email>"),  # one address, not a phone number at a host
    ("schreib an jürgen@müller-söhne.de!", "schreib an <email>!"),
    ("trần.văn@thế-giới.vn", "<email>"),
    ("пиши на иван@почта.рф сегодня", "пиши на <email> сегодня"),
    ("price @ 5.00 or me@home", "price @ 5.00 or me@home"),
]
PHONES = [
    ("call (415) 555-2671 now", "call <phone> now"),
    ("打13812345678谢谢", "打<phone>谢谢"),
    ("打１３８１２３４５６７８谢谢", "打<phone>谢谢"),
    ("+86 138 1234 5678", "<phone>"),
    ("手机138-1234-5678", "手机<phone>"),
    ("打010-12345678转8", "打<phone>转8"),
    ("tel13812345678", "tel<phone>"),
    ("+44 20 7946 0958", "<phone>"),  # a country that is not among the regions
    ("13812345678 or 4155552671", "<phone> or <phone>"),
    ("2026-01-31 13812345678", "2026-01-31 <phone>"),
    ("on 2026-02-03 +14155552671 please", "on 2026-02-03 <phone> please"),
    ("2026-02-03T12:00 (415) 555-2671", "2026-02-03T12:00 <phone>"),
    ("on 2016-09-30 12:00:00, 1769860800", "on 2016-09-30 12:00:00, 1769860800"),
    ("ISBN 9780306406157, 1,000 to 2,000 pieces", "ISBN 9780306406157, 1,000 to 2,000 pieces"),
    ("01632 960 958", "01632 960 958"),  # British, but nobody said so
]
CARDS = [
    ("card 4111 1111 1111 1111 2 pieces", "card <card> 2 pieces"),
    ("卡号4111111111111111。", "卡号<card>。"),
    ("卡号４１１１１１１１１１１１１１１１", "卡号<card>"),
    ("4111-1111-1111-1111 5500000000000004", "<card> <card>"),
    ("3782 822463 10005", "<card>"),  # American Express prints 4, 6 and 5 digits
    ("2024 4111 1111 1111 1111", "2024 <card>"),
    ("4111 1111 1111 1112", "4111 1111 1111 1112"),  # wrong check digit
    ("4222222222222", "4222222222222"),  # as long as a barcode
    ("身份证11010519491231002X号", "身份证<card>号"),
    ("身份证110105194912310021号", "身份证110105194912310021号"),
]


@pytest.mark.parametrize(("text", "kept"), EMAILS + PHONES + CARDS)
def test_personal_data_is_masked_and_nothing_else(text, kept):
    assert mask(text, REGIONS).text == kept
    assert mask(kept, REGIONS) == Masked(kept, 0, 0, 0)


def test_every_kind_is_counted():
    text = "a@b.com 13812345678 b@c.com 4111111111111111 (415) 555-2671 c@d.com"
    assert mask(text, REGIONS) == Masked("<email> <phone> <email> <card> <phone> <email>", 3, 2, 1)


def test_numbers_without_country_code_are_known_in_their_regions_alone():
    text = "13812345678, (212) 555-2671, +44 1632 960958, +8613812345678"
    assert mask(text, ["US"]).text == "13812345678, <phone>, +44 1632 960958, <phone>"
    assert mask(text, []).text == "13812345678, (212) 555-2671, +44 1632 960958, <phone>"


def test_lines_are_masked_in_json_and_csv_and_keep_the_rest():
    line = r'{"id": "e1", "text": "谢谢\n13812345678 \u8c22a@b.com\t4111111111111111", "at": "2026-01-31T12:00:00Z"}'
    assert mask_line(line, REGIONS) == (
        r'{"id": "e1", "text": "谢谢\n<phone> \u8c22<email>\t<card>", "at": "2026-01-31T12:00:00Z"}'
    )
    assert mask_line('u1,"call (415) 555-2671",5', REGIONS) == 'u1,"call <phone>",5'


def test_escaped_letters_of_a_line_are_read_and_nothing_else_of_it_changes():
    line = r'{"a": "von j\u00fcrgen@m\u00fcller.de\nauf \uff11\uff13\uff18 1234 5678\u4f60 x\\u0040b.de \u00z"}'
    assert mask_line(line, REGIONS) == r'{"a": "von <email>\nauf <phone>\u4f60 x\\u0040b.de \u00z"}'
    assert mask_line(r"jan\u0040example.com", REGIONS) == "<email>"


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("x,joe&#64;example.com", "x,<email>"),
        ("<i>joe<b>.doe</b>@example.com</i>,x", "<i><email></i>,x"),
        ("joe<b>.doe@example.com</b>", "<email></b>"),  # a part is an address too
        ("138<b>1234</b>5678", "<phone>"),
        ("138&nbsp;1234&nbsp;5678 &amp; more", "<phone> &amp; more"),
        ("4111&nbsp;1111&#xa0;1111<wbr>&#8203;1111", "<card>"),
        ("138<!-- -->1234<!-- -->5678", "<phone>"),
        ("<td>138</td><td>1234 5678</td>", "<td><phone></td>"),
        ("Joe <joe@example.com>, 3 < 5", "Joe <<email>>, 3 < 5"),
        ('<a href="mailto:joe&#64;example.com" title="&gt;">joe</a>', '<a href="mailto:<email>" title="&gt;">joe</a>'),
        ("138&lt;b&gt;1234&lt;/b&gt;5678 joe&amp;#64;example.com", "<phone> <email>"),
        (r'{"a": "joe<b class=\"x\">.doe<\/b>\u0026#64;example.com\n<br>"}', r'{"a": "<email>\n<br>"}'),
        (r'{"a": "138\u003cb\u003e1234\u003c\/b\u003e5678"}', r'{"a": "<phone>"}'),
        ("<p>R&B &copy; &unknown; &#0; 12<b>34</b></p>", "<p>R&B &copy; &unknown; &#0; 12<b>34</b></p>"),
    ],
)
def test_personal_data_spelt_in_html_is_masked_and_nothing_else_of_the_line_changes(raw, kept):
    assert mask_line(raw, REGIONS) == kept
    assert mask_bytes(b"\xff " + raw.encode(), REGIONS) == b"\xff " + kept.encode()


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("打13812345678谢谢".encode("gbk"), "打<phone>谢谢".encode("gbk")),  # its last byte is a letter of Latin-1
        ("jürgen@müller.de für 4111 1111 1111 1111".encode("latin-1"), "<email> für <card>".encode("latin-1")),
        (bytes(range(256)), bytes(range(256))),
    ],
)
def test_bytes_of_any_encoding_are_masked_and_the_others_survive(raw, kept):
    assert mask_bytes(raw, REGIONS) == kept


@pytest.mark.parametrize(
    "text",
    ["a" * 10**6 + "@", "a@" * 200_000, "1" * 10**6, "12 " * 200_000, "(1" * 200_000,
     "<a" * 200_000, "&#" * 200_000, "&#" + "1" * 10**6, "<a&lt;" * 100_000, "&amp" * 100_000, "<b>1</b>" * 50_000],
)  # fmt: skip
def test_long_lines_take_linear_time(text):
    assert mask_line(text, REGIONS) == text
