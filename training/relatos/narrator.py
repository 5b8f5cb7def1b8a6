"""Tells one plot: holds the narrative state and expands templates against it."""

import random

from .grammar import Choice, Line, Plot, Slot, parse
from .lexicon import Casting, Entity
from .morphology import agree, definite, drop_subject, indefinite, joint_gender, tidy

# Who a slot is when the plot does not say.
_USUAL = {"p": "nino", "c": "amigo", "a": "abuelo", "m": "maestro", "d": "mascota", "v": "vecino", "h": "hermano",
          "k": "ciudad", "r": "rasgo", "t": "oficio", "q": "padre"}

# Slots that follow the narrator's person: third, first.
_PERSON = {"su": ("su", "mi"), "sus": ("sus", "mis"), "se": ("se", "me"), "le": ("le", "me"), "sí": ("sí", "mí")}


def _own_paragraph(text: str) -> str:
    """Speech begins a paragraph, and what follows it begins the next."""
    if text.startswith("—"):
        text = "//" + text
    return text + "//" if text.rsplit("//", 1)[-1].strip().startswith("—") else text


class Narrator:
    """The state of one story: cast by slot name, tags set so far, alternatives already used."""

    def __init__(self, plot: Plot, rules: dict[str, list[Line]], casting: Casting, rng: random.Random):
        self.plot, self.rules, self.casting, self.rng = plot, rules, casting, rng
        self.tags: set[str] = set()
        self.used: set[str] = set()
        self.fixed: dict[str, str] = {}
        self.cast: dict[str, Entity] = {}
        for name, kind in plot.cast:
            self._bind(name, casting.draw(kind))

    def _bind(self, name: str, entity: Entity) -> None:
        self.cast[name] = entity
        # A row may carry tags of its own, so that moves choose the lines that suit it.
        self.tags.update(tag for value in entity.props.get("tag", []) for tag in value.split())

    def tell(self) -> str:
        """The whole story, tidied; paragraphs are separated by one line feed."""
        parts = []
        for move in self.plot.moves:
            if move.optional and self.rng.random() < 0.5:
                continue
            line = self._pick(move.lines)
            if line is not None:
                if len(parts) > 1 and self.rng.random() < 0.2:
                    parts.append("//")
                parts.append(_own_paragraph(self.expand(line.text)))
            elif not move.optional:
                raise ValueError(f"{self.plot.id}: no line of «{move.name}» fits {sorted(self.tags)}")
        text = tidy(" ".join(parts).replace("//", "\n"))
        hero = self.cast["p"].name if "p" in self.cast else ""
        return drop_subject(text, hero) if hero else text

    def _pick(self, lines: list[Line]) -> Line | None:
        fitting = [line for line in lines if line.fits(self.tags)]
        fresh = [line for line in fitting if line.text not in self.used]
        if not fitting:
            return None
        line = self.rng.choice(fresh or fitting)
        self.used.add(line.text)
        self.tags.update(line.sets)
        return line

    def expand(self, template: str) -> str:
        """A template with its choices made and its slots filled."""
        return self._nodes(parse(template))

    def _nodes(self, nodes: tuple) -> str:
        out = []
        for node in nodes:
            if isinstance(node, str):
                out.append(node)
            elif isinstance(node, Choice):
                out.append(self._nodes(self.rng.choice(node.options)))
            elif isinstance(node, Slot):
                out.append(self._slot(node.name))
        return "".join(out)

    def _slot(self, name: str) -> str:
        if name.startswith(">"):
            line = self._pick(self.rules[name[1:]])
            return _own_paragraph(self.expand(line.text)) if line else ""
        if "?" in name:
            who, forms = name.split("?", 1)
            return forms.split("/")[self._gender(who) == "f"]
        if "/" in name:
            return name.split("/")[self.plot.first_person]
        if name.startswith("~"):
            kind, _, form = name[1:].partition(".")
            return self._form(self.casting.draw(kind), form or "n", name)
        if name in _PERSON:
            return _PERSON[name][self.plot.first_person]
        if name == "o":
            name = "p.o"
        if name == "os":
            return "as" if self._gender("pc") == "f" else "os"
        who, _, form = name.partition(".")
        if not self._usual(who):
            raise KeyError(f"{self.plot.id}: unknown slot {{{name}}}")
        return self._form(self.cast[who], form, name)

    def _gender(self, group: str) -> str:
        """The gender of one slot, or of a group named by its letters: "pc" is {p} and {c}."""
        members = [group] if self._usual(group) else list(group)
        if not all(self._usual(member) for member in members):
            raise KeyError(f"{self.plot.id}: unknown slot {group}")
        return joint_gender(*(self.cast[member].gender for member in members))

    def _usual(self, who: str) -> bool:
        """Casts a slot of the usual names on its first mention; False for an unknown name."""
        if who not in self.cast and who in _USUAL:
            self._bind(who, self.casting.draw(_USUAL[who]))
        return who in self.cast

    def _form(self, entity: Entity, form: str, key: str) -> str:
        """`form` of an entity; properties are expanded once per story and then stay."""
        noun, gender, number = entity.noun, entity.gender, entity.number
        if form in entity.props or form.rstrip("0123456789") in entity.props:
            return self._property(entity, form, key)
        simple = {"": self._mention(entity), "n": noun, "el": definite(noun, gender, number), "un": indefinite(noun, gender, number),
                  "nombre": entity.name, "su": f"{_PERSON['su' if number == 's' else 'sus'][self.plot.first_person]} {noun}",
                  "en": f"en {definite(noun, gender, number)}", "a": f"a {definite(noun, gender, number)}",
                  "de": f"de {definite(noun, gender, number)}"}
        found = simple.get(form)
        if found is None:
            found = agree(form, gender, number)
        if found is None:
            raise KeyError(f"{self.plot.id}: {noun} has no {form}")
        return found

    def _mention(self, entity: Entity) -> str:
        if entity.name:
            courtesy = entity.props.get("trato", [""])[0]
            return f"{courtesy} {entity.name}".strip()
        return definite(entity.noun, entity.gender, entity.number)

    def _property(self, entity: Entity, form: str, key: str) -> str:
        """`x.marca` is the first value of the property, `x.marca2` its second, if there is one."""
        base = form.rstrip("0123456789")
        index = int(form[len(base):] or 1) - 1
        values = entity.props[base]
        if key == "r.que":
            # Only a trait that was told may be remembered at the end.
            self.tags.add("rasgo")
        if key.startswith("~"):
            return self.expand(values[0])
        if key not in self.fixed:
            self.fixed[key] = self.expand(values[index % len(values)])
        return self.fixed[key]
