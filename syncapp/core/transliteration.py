"""One skeleton for the Latin and the Cyrillic spelling of a word.

Cyrillic is spelled in Latin letters, and then what transliteration tables (GOST,
ICAO, BGN, scholarly, by ear) disagree about is made one. Nobody can read a
skeleton, and two different names may share one: it serves for near matches,
which a person confirms, and as proof that two names are not strangers.
"""

import re
import unicodedata
from functools import lru_cache

# fmt: off
_SPELLED = str.maketrans({
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    # Ukrainian, Belarusian, Kazakh, Tatar
    "і": "i", "ї": "i", "є": "ye", "ґ": "g", "ў": "u", "ә": "a", "ғ": "g", "қ": "k", "ң": "n", "ө": "o", "ұ": "u",
    "ү": "u", "һ": "h", "җ": "zh",
    # Latin letters that no decomposition takes apart as needed
    "š": "sh", "č": "ch", "ž": "zh", "ŝ": "shch", "đ": "d", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i",
    "'": "", "’": "", "‘": "", "ʼ": "", "ʹ": "", "`": "", "´": "", "ʺ": "",
})
# Longest first; capitals stand for the one sound that several letters spell.
_SOUNDS = {
    "shch": "S", "tsch": "C", "sch": "S", "shh": "S", "tch": "C", "sh": "S", "zh": "Z", "kh": "h", "ch": "C",
    "ts": "c", "tz": "c", "ct": "kt", "ck": "k", "ph": "f", "qu": "kv", "q": "k", "x": "ks", "w": "v", "y": "i",
    "j": "i",
}
# fmt: on
_SOUND = re.compile("|".join(_SOUNDS))
_DOUBLED = re.compile(r"(.)\1+")
_SOFTENED = re.compile("i[eo]")  # ye, yo, je, ie, jo, io: е and ё
_ALEXANDER = re.compile("(?<=[dt])er$")  # Alexander, Peter: Александр, Пётр


@lru_cache(maxsize=32768)
def skeleton(word: str) -> str:
    """Skeleton of one folded word; '' when nothing of it sounds."""
    spelled = word.translate(_SPELLED)
    if not spelled.isascii():
        spelled = "".join(sign for sign in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(sign))
    sounds = _DOUBLED.sub(r"\1", _SOUND.sub(lambda found: _SOUNDS[found.group()], spelled))
    return _ALEXANDER.sub("r", _DOUBLED.sub(r"\1", _SOFTENED.sub("e", sounds)))
