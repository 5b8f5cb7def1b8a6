"""Word lists: entities with gender, number and properties."""

import random
from dataclasses import dataclass, field

from .grammar import _rows, parse


@dataclass
class Entity:
    """Someone or something of the story. `name` is its proper name, "" where it has none."""

    noun: str
    gender: str
    number: str = "s"
    name: str = ""
    props: dict[str, list[str]] = field(default_factory=dict)


def load_words() -> dict[str, list[Entity]]:
    """Every class of palabras/*.txt: `noun gender[p] | key: template | …`; a key may repeat."""
    classes: dict[str, list[Entity]] = {}
    name = ""
    for where, raw in _rows("palabras"):
        if raw.startswith("=="):
            name = raw.strip("= ")
            classes.setdefault(name, [])
            continue
        try:
            classes[name].append(_entity(raw))
        except (ValueError, IndexError) as error:
            raise ValueError(f"{where}: {error}") from error
    return classes


def _entity(raw: str) -> Entity:
    head, *fields = [part.strip() for part in raw.split(" | ")]
    noun, gender = head.rsplit(" ", 1)
    if gender not in ("m", "f", "mp", "fp"):
        raise ValueError(f"no gender in: {head}")
    props: dict[str, list[str]] = {}
    for item in fields:
        key, value = item.split(":", 1)
        parse(value.strip())
        props.setdefault(key.strip(), []).append(value.strip())
    return Entity(noun, gender[0], gender[1:] or "s", "", props)


class Casting:
    """Draws entities for a story; no proper name or noun of a class comes twice in one story."""

    def __init__(self, words: dict[str, list[Entity]], rng: random.Random):
        self.words = words
        self.rng = rng
        self.taken: set[str] = set()

    def draw(self, kind: str) -> Entity:
        """One entity of the class `kind`; `kind:m` or `kind:f` asks for a gender."""
        kind, _, gender = kind.partition(":")
        pool = [e for e in self.words[kind] if (not gender or e.gender == gender) and f"{kind} {e.noun}" not in self.taken]
        row = self.rng.choice(pool or self.words[kind])
        if len(self.words[kind]) > 8:
            self.taken.add(f"{kind} {row.noun}")
        props = {key: self.rng.sample(values, len(values)) for key, values in row.props.items()}
        return Entity(row.noun, row.gender, row.number, self._name(row, props), props)

    def _name(self, row: Entity, props: dict[str, list[str]]) -> str:
        """A free name from the class named by the row's `nombres`, behind its `trato` (la maestra …)."""
        if "nombres" not in props:
            return ""
        pool = self.words[props["nombres"][0]]
        free = [e for e in pool if e.gender == row.gender and e.noun not in self.taken
                and e.noun[0] not in {t[0] for t in self.taken if " " not in t}]
        free = free or [e for e in pool if e.gender == row.gender and e.noun not in self.taken]
        chosen = self.rng.choice(free).noun
        self.taken.add(chosen)
        return chosen
