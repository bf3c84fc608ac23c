"""Which language a script is in, when nobody says: by its alphabet, then by its small words."""

from __future__ import annotations

import unicodedata
from collections import Counter

# Alphabets that settle the language, by the first word of the character's Unicode name.
_ALPHABETS = {
    "GREEK": "el", "CYRILLIC": "ru", "ARABIC": "ar", "HEBREW": "he", "DEVANAGARI": "hi",
    "THAI": "th", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "cmn",
    "GEORGIAN": "ka", "ARMENIAN": "hy", "BENGALI": "bn", "TAMIL": "ta", "TELUGU": "te",
    "GUJARATI": "gu", "GURMUKHI": "pa", "KANNADA": "kn", "MALAYALAM": "ml", "SINHALA": "si",
    "ETHIOPIC": "am", "MYANMAR": "my", "ORIYA": "or", "CHEROKEE": "chr",
}  # fmt: skip
# Letters that only one of an alphabet's languages uses.
_LETTERS = (
    ("CYRILLIC", "їєґ", "uk"),
    ("CYRILLIC", "ў", "be"),
    ("CYRILLIC", "ђћ", "sr"),
    ("CYRILLIC", "ѓќ", "mk"),
    ("ARABIC", "ٹڈڑے", "ur"),
    ("ARABIC", "پچژگ", "fa"),
)
_WORDS = {
    "en": "the and is of to in you your with for we this that are it our have",
    "de": "der die das und ist ein eine sie wir mit für nicht zu den auf von ihr ihre",
    "fr": "le la les et est un une des du pour vous nous dans que avec sur votre ce",
    "es": "el la los las y es un una de que para con por en su usted nuestra nuestro",
    "it": "il lo la gli e è un una di che per con in sono il della questo nostra",
    "pt": "o a os as e é um uma de que para com em você não do da nosso sua",
    "nl": "de het een en is van je wij met voor niet te dat op zijn onze uw",
    "pl": "i w na nie się z do jest że to dla jak nasz naszej oraz",
    "sv": "och är det en ett att för med på inte vi du som av den",
    "da": "og er det en et at for med på ikke vi du som af den til",
    "nb": "og er det en et å for med på ikke vi du som av den til",
    "fi": "ja on ei se että tämä mutta ovat meidän kanssa sinun tervetuloa",
    "tr": "ve bir bu için ile da de çok hoş biz sen siz olarak değil",
    "cs": "a je v na se to s že pro jak není nebo jsme vás náš",
    "ro": "și este un o de la în cu pe nu pentru sunt noi care",
    "hu": "és a az egy nem hogy van is meg ez vagy a mi üdvözöljük",
    "id": "dan yang di ini untuk dengan dari tidak adalah kami anda ke selamat",
    "vi": "và là của có không cho một các với chúng bạn tôi được này",
}
# Codes that people write and the engine spells otherwise.
_ALIASES = {
    "zh": "cmn", "zh-hk": "yue", "zh-mo": "yue", "no": "nb", "iw": "he", "in": "id", "fil": "id",
    "tl": "id", "en-uk": "en-gb", "ji": "he", "es-mx": "es-419", "es-us": "es-419",
}  # fmt: skip


def detect(text: str) -> str:
    """A language code of the speech engine; English where nothing points elsewhere."""
    alphabets = Counter(_alphabet(char) for char in text[:2000] if char.isalpha())
    if alphabets["HIRAGANA"] + alphabets["KATAKANA"]:
        return "ja"
    alphabet = alphabets.most_common(1)[0][0] if alphabets else "LATIN"
    for name, letters, language in _LETTERS:
        if name == alphabet and any(char in letters for char in text.lower()):
            return language
    return _ALPHABETS.get(alphabet) or _latin(text)


def candidates(locale: str | None, text: str) -> tuple[str, ...]:
    """Languages to try in turn: the locale, the locale's language, else the text's own."""
    if not locale:
        return (detect(text), "en")
    code = locale.replace("_", "-").lower()
    base = code.split("-")[0]
    tried = (_ALIASES.get(code, code), _ALIASES.get(base, base), "en")
    return tuple(dict.fromkeys(tried))


def _alphabet(char: str) -> str:
    return unicodedata.name(char, "?").split(maxsplit=1)[0]


def _latin(text: str) -> str:
    seen = Counter(word.strip(".,;:!?\"'()«»„“”") for word in text.lower()[:2000].split())
    votes = {
        language: sum(seen[word] for word in words.split()) for language, words in _WORDS.items()
    }
    return max(votes, key=votes.__getitem__)  # the first of equals: English
