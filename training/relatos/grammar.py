"""The template language: parsing, and the files of plots, shared rules and word lists.

A template is text with
  [a|b|c]      one of the alternatives, which nest
  {slot}       something from the narrative state (see narrator.py)
  //           a new paragraph
A plot file holds plots:
  === id                  a new plot
  @yo                     told in the first person
  @x class                binds an entity of that class to the name x
  # move                  a narrative move; one of its lines is told
  #? move                 the same, told half of the times
  - ?tag !tag +tag text   a line; it needs or refuses a tag already set, and sets one
A rule file holds `== name` followed by such lines. A word file holds `== class` followed by
`noun gender | key: template | key: template` (see lexicon.py).
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Slot:
    name: str


@dataclass(frozen=True)
class Choice:
    options: tuple[tuple, ...]


@dataclass(frozen=True)
class Line:
    needs: tuple[str, ...]
    refuses: tuple[str, ...]
    sets: tuple[str, ...]
    text: str

    def fits(self, tags: set[str]) -> bool:
        """Whether this line may be told when `tags` have been set."""
        return tags.issuperset(self.needs) and tags.isdisjoint(self.refuses)


@dataclass
class Move:
    name: str
    optional: bool
    lines: list[Line] = field(default_factory=list)


@dataclass
class Plot:
    id: str
    first_person: bool = False
    cast: list[tuple[str, str]] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)


@lru_cache(maxsize=None)
def parse(template: str) -> tuple:
    """A template as a sequence of str, Slot and Choice; ValueError where brackets do not close."""
    nodes, at = _sequence(template, 0, "")
    if at != len(template):
        raise ValueError(f"unbalanced template at {at}: {template}")
    return nodes


def _sequence(text: str, at: int, stops: str) -> tuple[tuple, int]:
    nodes: list = []
    start = at
    while at < len(text) and text[at] not in (stops or "]"):
        if text[at] not in "[{":
            at += 1
            continue
        nodes.append(text[start:at])
        node, at = _choice(text, at + 1) if text[at] == "[" else _slot(text, at + 1)
        nodes.append(node)
        start = at
    nodes.append(text[start:at])
    return tuple(node for node in nodes if node != ""), at


def _choice(text: str, at: int) -> tuple[Choice, int]:
    options = []
    while True:
        option, at = _sequence(text, at, "|]")
        options.append(option)
        if at >= len(text):
            raise ValueError(f"unclosed [ in: {text}")
        at += 1
        if text[at - 1] == "]":
            return Choice(tuple(options)), at


def _slot(text: str, at: int) -> tuple[Slot, int]:
    end = text.index("}", at)
    return Slot(text[at:end]), end + 1


def parse_line(raw: str) -> Line:
    """One `- ?needs !refuses +sets text` line, without its dash."""
    tags: dict[str, list[str]] = {"?": [], "!": [], "+": []}
    words = raw.strip().split(" ")
    while words and words[0][:1] in tags and len(words[0]) > 1:
        word = words.pop(0)
        tags[word[0]].append(word[1:])
    text = " ".join(words)
    parse(text)
    return Line(tuple(tags["?"]), tuple(tags["!"]), tuple(tags["+"]), text)


def _rows(folder: str):
    for path in sorted((HERE / folder).glob("*.txt")):
        for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if raw.strip() and not raw.startswith("%"):
                yield f"{path.name}:{number}", raw.rstrip()


def load_plots() -> list[Plot]:
    """Every plot of tramas/*.txt, in file order."""
    plots: list[Plot] = []
    for where, raw in _rows("tramas"):
        try:
            _plot_row(plots, raw)
        except (ValueError, IndexError) as error:
            raise ValueError(f"{where}: {error}") from error
    return plots


def _plot_row(plots: list[Plot], raw: str) -> None:
    if raw.startswith("==="):
        plots.append(Plot(raw[3:].strip()))
    elif raw.strip() == "@yo":
        plots[-1].first_person = True
    elif raw.startswith("@"):
        name, kind = raw[1:].split()
        plots[-1].cast.append((name, kind))
    elif raw.startswith("#"):
        plots[-1].moves.append(Move(raw.lstrip("#? "), raw.startswith("#?")))
    elif raw.startswith("- "):
        plots[-1].moves[-1].lines.append(parse_line(raw[2:]))
    else:
        raise ValueError(f"not a row of a plot: {raw}")


def load_rules() -> dict[str, list[Line]]:
    """Every shared rule of comunes/*.txt by name."""
    rules: dict[str, list[Line]] = {}
    name = ""
    for where, raw in _rows("comunes"):
        try:
            if raw.startswith("=="):
                name = raw.strip("= ")
                rules.setdefault(name, [])
            else:
                rules[name].append(parse_line(raw.removeprefix("- ")))
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
    return rules
