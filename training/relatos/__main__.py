"""`python -m relatos --out FILE --megabytes N --seed S`, `python -m relatos stats FILE`, `python -m relatos show [PLOT]`."""

import argparse
import json
import random
import sys
from collections import Counter
from pathlib import Path

from .corpus import Duplicates, shingles, tell_one, words_of, write
from .grammar import load_plots, load_rules
from .lexicon import load_words


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["stats"]:
        return stats(Path(arguments[1]))
    if arguments[:1] == ["show"]:
        return show(arguments[1:])
    parser = argparse.ArgumentParser(prog="relatos", description="Writes the corpus of short Spanish stories.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally = write(options.out, options.megabytes, options.seed)
    tried = sum(map(lambda c: c.total(), (tally.accepted, tally.near_duplicate, tally.wrong_length)))
    report = {"stories": tally.accepted.total(), "plots": len(tally.accepted), "tried": tried,
              "share_near_duplicate": round(tally.near_duplicate.total() / tried, 4),
              "share_wrong_length": round(tally.wrong_length.total() / tried, 4)}
    options.out.with_suffix(".report.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report))


def stats(path: Path) -> None:
    """Prints size, vocabulary, repetition and the plots of a written corpus."""
    rows = [json.loads(line) for line in path.open(encoding="utf-8")]
    seen, vocabulary, fives, overlaps = Duplicates(), Counter(), set(), []
    total_fives = 0
    for row in rows:
        words = words_of(row["texto"])
        vocabulary.update(words)
        grams = shingles(words)
        overlaps.append(seen.overlap(grams))
        seen.add(grams)
        runs = [tuple(words[i : i + 5]) for i in range(len(words) - 4)]
        total_fives += len(runs)
        fives.update(runs)
    overlaps.sort()
    report = {"stories": len(rows), "plots": len({row["trama"] for row in rows}), "words": vocabulary.total(),
              "words_per_story": round(vocabulary.total() / len(rows), 1), "distinct_words": len(vocabulary),
              "distinct_5grams_ratio": round(len(fives) / total_fives, 4),
              "overlap_8grams": {"median": round(overlaps[len(rows) // 2], 3), "max": round(overlaps[-1], 3)}}
    written = path.with_suffix(".report.json")
    if written.exists():
        report["rejected"] = {k: v for k, v in json.loads(written.read_text()).items() if k.startswith("share")}
    print(json.dumps(report, indent=1))


def show(arguments: list[str]) -> None:
    """Prints stories of the plots whose id begins with the first argument; the second is a seed."""
    rng = random.Random(int(arguments[1]) if len(arguments) > 1 else None)
    rules, words = load_rules(), load_words()
    for plot in load_plots():
        if plot.id.startswith(arguments[0] if arguments else ""):
            print(f"[{plot.id}] {tell_one(plot, rng, rules, words)}\n")


main()
