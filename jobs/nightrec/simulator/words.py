"""The words of the shop in English and Chinese: categories, aspects and sentence patterns."""

from typing import Literal, NamedTuple

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Word(NamedTuple):
    """One meaning in both languages."""

    en: str
    zh: str


CATEGORIES = (
    Word("kettle", "水壶"),
    Word("lamp", "台灯"),
    Word("backpack", "背包"),
    Word("headset", "耳机"),
    Word("chair", "椅子"),
    Word("kitchen knife", "菜刀"),
    Word("tent", "帐篷"),
    Word("jacket", "外套"),
    Word("speaker", "音箱"),
    Word("bicycle", "自行车"),
)
ASPECTS = (
    Word("quiet", "静音"),
    Word("lightweight", "轻便"),
    Word("waterproof", "防水"),
    Word("durable", "耐用"),
    Word("foldable", "可折叠"),
    Word("bright", "明亮"),
    Word("soft", "柔软"),
    Word("warm", "保暖"),
    Word("compact", "小巧"),
    Word("wireless", "无线"),
    Word("handmade", "手工"),
    Word("fast", "快速"),
    Word("colourful", "多彩"),
    Word("elegant", "优雅"),
    Word("sturdy", "结实"),
    Word("adjustable", "可调节"),
)
# Each pattern names every field it is given, so that a reader can find category and aspects again.
DESCRIPTIONS = {
    "en": ("Everyday {category}, {one} and {two}.", "This {category} is {one}, and it is {two} too."),
    "zh": ("一款{one}又{two}的{category}，适合每天使用。", "这款{category}{one}，而且{two}。"),
}
SEARCHES = {
    "en": ("{one} {category}", "{one} {two} {category}", "{category} that is {one} and {two}"),
    "zh": ("{one}的{category}", "{one}{two}{category}", "{one}又{two}的{category}"),
}
QUESTIONS = {
    "en": ("Is this {category} really {one}?", "How {one} is the {category}?"),
    "zh": ("这款{category}真的{one}吗？", "{category}有多{one}？"),
}
PRAISE = {
    "en": (
        "I love this {category}, it is really {one}.",
        "Great {category}: {one} and {two}.",
        "Very {one}, well done.",
    ),
    "zh": ("非常喜欢这款{category}，真的很{one}。", "很棒的{category}，{one}又{two}。", "很{one}，值得购买。"),
}
MIXED = {
    "en": ("The {category} is {one}, but not {lacking}.", "{one}, fine, yet the {category} could be more {lacking}."),
    "zh": ("{category}很{one}，但是不够{lacking}。", "{one}还可以，可惜{category}不{lacking}。"),
}
COMPLAINT = {
    "en": (
        "Disappointed, this {category} is not {lacking} at all.",
        "I wanted it {lacking}, this {category} is not. I sent it back.",
    ),
    "zh": ("很失望，这款{category}一点也不{lacking}。", "我想要{lacking}的{category}，已经退货了。"),
}
