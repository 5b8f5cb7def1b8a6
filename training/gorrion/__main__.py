"""python -m gorrion <step> --data FOLDER --work FOLDER --out FOLDER; `all` runs every step in order."""

from __future__ import annotations

import argparse
from pathlib import Path

from .config import Work


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gorrion", description=__doc__)
    parser.add_argument("step", choices=["prepare", "tokenizer"])
    parser.add_argument("--data", type=Path, default=Path("../../shared/data"))
    parser.add_argument("--work", type=Path, required=True)
    return parser.parse_args()


def main() -> None:
    a = arguments()
    work = Work(a.work)
    from . import texts, tokenizer
    if a.step == "prepare":
        texts.prepare(a.data, work)
    if a.step == "tokenizer":
        tokenizer.train(work)
        for source in texts.READERS:
            tokenizer.write_shard(work, source)


if __name__ == "__main__":
    main()
