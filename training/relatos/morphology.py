"""The little Spanish morphology the generator needs: articles, agreement, contractions.

Gender is "m" or "f", number "s" or "p" throughout.
"""

import re

# Feminine nouns that begin with a stressed /a/ take "el" and "un" in the singular.
STRESSED_A = frozenset("agua águila hada alma hacha arpa aula ala área ave ancla habla".split())

_DEFINITE = {"ms": "el", "fs": "la", "mp": "los", "fp": "las"}
_INDEFINITE = {"ms": "un", "fs": "una", "mp": "unos", "fp": "unas"}
_ENDING = {"ms": "o", "fs": "a", "mp": "os", "fp": "as"}
_OBJECT = {"ms": "lo", "fs": "la", "mp": "los", "fp": "las"}
_SUBJECT = {"ms": "él", "fs": "ella", "mp": "ellos", "fp": "ellas"}
_THIS = {"ms": "este", "fs": "esta", "mp": "estos", "fp": "estas"}
_THAT = {"ms": "ese", "fs": "esa", "mp": "esos", "fp": "esas"}
_YONDER = {"ms": "aquel", "fs": "aquella", "mp": "aquellos", "fp": "aquellas"}


def definite(noun: str, gender: str, number: str = "s") -> str:
    """The noun with its definite article: "el águila", "las uvas"."""
    return f"{_article(_DEFINITE, noun, gender, number)} {noun}"


def indefinite(noun: str, gender: str, number: str = "s") -> str:
    """The noun with its indefinite article: "un hada", "unos guantes"."""
    return f"{_article(_INDEFINITE, noun, gender, number)} {noun}"


def _article(table: dict[str, str], noun: str, gender: str, number: str) -> str:
    stressed = number == "s" and noun.split()[0] in STRESSED_A
    return table[("m" if stressed else gender) + number]


def agree(form: str, gender: str, number: str = "s") -> str | None:
    """The agreeing form of an ending ("o"), a pronoun ("lo", "él") or a demonstrative; None if unknown."""
    key = gender + number
    tables = {"o": _ENDING, "lo": _OBJECT, "él": _SUBJECT, "este": _THIS, "ese": _THAT, "aquel": _YONDER}
    if form in tables:
        return tables[form][key]
    plain = {"s": "" if number == "s" else "s", "es": "" if number == "s" else "es",
             "n": "" if number == "s" else "n", "le": "le" if number == "s" else "les",
             "a_": "" if gender == "m" else "a"}
    return plain.get(form)


def joint_gender(*genders: str) -> str:
    """Gender of a group: feminine only when all its members are."""
    return "f" if all(gender == "f" for gender in genders) else "m"


def tidy(text: str) -> str:
    """Contractions, y/e and o/u, spacing and sentence capitals of an expanded story."""
    text = re.sub(r"[ \t]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    text = re.sub(r"\n+", "\n", text).strip()
    text = re.sub(r" ([,.;:!?»)])", r"\1", text)
    text = re.sub(r"\. —(?=[a-záéíóúñ])", " —", text)
    text = re.sub(r"—\.(?=\n|$)", ".", text)
    text = re.sub(r"([?!])\.(?!\.)", r"\1", text)
    text = re.sub(r"(?m)^(\S+ \S+ .*\w)\n", r"\1.\n", text)
    text = re.sub(r"(?<!\.)\.\.(?!\.)", ".", text)
    text = re.sub(r",([,.;:])", r"\1", text)
    text = re.sub(r"\b([Aa]|[Dd]e) el\b(?! [A-ZÁÉÍÓÚÑ])", lambda m: "al" if m[1] == "a" else "Al" if m[1] == "A" else m[1][0] + "el", text)
    text = re.sub(r"\by (?=[¡¿«]?(?:[iIíÍ](?!e)|[hH][iIíÍ](?!e)))", "e ", text)
    text = re.sub(r"\bY (?=[IÍ](?!e)|H[ií](?!e))", "E ", text)
    text = re.sub(r"\bo (?=[¡¿«]?(?:[oOóÓ]|[hH][oOóÓ]))", "u ", text)
    text = re.sub(r"(?:^|(?<=\n))([—¿¡«(]*)(\w)", lambda m: m[1] + m[2].upper(), text)
    text = re.sub(r"([.?!]) ([¿¡«(]*)([^\W\d_])", lambda m: f"{m[1]} {m[2]}{m[3].upper()}", text)
    return re.sub(r"(: «|: ¡|: ¿)(\w)", lambda m: m[1] + m[2].upper(), text)


def drop_subject(text: str, name: str) -> str:
    """Leaves `name` out where the sentence before it in the paragraph began with the same subject."""
    paragraphs = []
    for paragraph in text.split("\n"):
        sentences = re.split(r"(?<=[.?!]) (?=[A-ZÁÉÍÓÚÑ¿¡])", paragraph)
        same_before = False
        for index, sentence in enumerate(sentences):
            starts = re.match(rf"{re.escape(name)} (?!y |e |no era )([a-záéíóúñ])", sentence)
            if starts and same_before:
                sentences[index] = starts[1].upper() + sentence[starts.end():]
            same_before = bool(starts)
        paragraphs.append(" ".join(sentences))
    return "\n".join(paragraphs)
