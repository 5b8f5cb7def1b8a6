"""Steps of the recipe; `all` runs them in order. Each step can be run again by itself."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from .config import MIXTURE, RELATOS, Work

STEPS = ["prepare", "stories", "tokenizer", "pretrain", "export", "adapters", "evaluate", "card"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gorrion", description=__doc__)
    parser.add_argument("step", choices=["all", *STEPS, "reference"])
    parser.add_argument("--data", type=Path, help="folder of the published texts")
    parser.add_argument("--work", type=Path, help="folder of what can be made again; a run resumes here")
    parser.add_argument("--out", type=Path, default=Path("checkpoints"), help="finished weights")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--minutes", type=float, default=90, help="training time of the base")
    parser.add_argument("--length", type=int, default=256, help="tokens of a window before the decay")
    parser.add_argument("--rows", type=int, default=16, help="windows of a batch before the decay")
    parser.add_argument("--start", type=Path, help="finished checkpoint to train further, with its tokenizer")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--stories", type=Path, help="generated stories, one JSON a line; made if not given")
    parser.add_argument("--stories-share", type=float, default=0.3)
    parser.add_argument("--adapter-minutes", type=float, default=2.5)
    parser.add_argument("--only", nargs="*", help="adapters to train; all of them if not given")
    parser.add_argument("--adapter", default="quijote", help="adapter of the reference logits")
    parser.add_argument("--file", type=Path, help="where the card or the reference is written")
    return parser.parse_args()


def make_stories(work: Work) -> Path:
    path = work.root / "relatos.jsonl"
    if not path.exists():
        command = [sys.executable, "-m", "relatos", "--out", str(path), "--megabytes", "10", "--seed", "1"]
        subprocess.run(command, check=True)
    return path


def add_stories(work: Work, path: Path, share: float) -> None:
    from . import texts

    texts.add_generated(path, work)
    mixture = {name: part * (1 - share) for name, part in MIXTURE.items()}
    work.mixture.write_text(json.dumps({**mixture, RELATOS: share}, indent=2))


def make_tokenizer(work: Work, start: Path | None) -> None:
    """Trained once; later calls only write the shards that are missing."""
    from . import tokenizer

    mixture = json.loads(work.mixture.read_text()) if work.mixture.exists() else MIXTURE
    if not (work.tokenizer / "tokenizer.json").exists():
        if start:
            copy_tokenizer(start, work)
        else:
            tokenizer.train(work, mixture)
    for source in mixture:
        if not (work.tokens / f"{source}.bin").exists():
            tokenizer.write_shard(work, source)


def copy_tokenizer(start: Path, work: Work) -> None:
    """Weights mean nothing under another tokenizer."""
    work.tokenizer.mkdir(parents=True, exist_ok=True)
    for file in start.glob("tokenizer*.json"):
        shutil.copy(file, work.tokenizer)


def perform(step: str, a: argparse.Namespace) -> None:
    """The imports are here because torch takes seconds and half of the steps do without it."""
    work = Work(a.work) if a.work else None
    if step == "prepare":
        from . import texts

        texts.prepare(a.data, work)
    elif step == "stories":
        add_stories(work, a.stories or make_stories(work), a.stories_share)
    elif step == "tokenizer":
        make_tokenizer(work, a.start)
    elif step == "pretrain":
        from .pretrain import Run, Settings

        Run(
            work,
            Settings(
                minutes=a.minutes,
                device=a.device,
                length=a.length,
                rows=a.rows,
                compile=not a.no_compile,
                start=str(a.start) if a.start else None,
            ),
        ).train()
    elif step == "export":
        from .export import export

        export(work, a.out)
    elif step == "adapters":
        from .adapters import train

        train(work, a.data, a.out, a.adapter_minutes, a.device, a.only)
    elif step == "evaluate":
        from .evaluate import evaluate

        evaluate(work, a.out)
    elif step == "card":
        from .card import write

        write(work, a.out, a.file)
    elif step == "reference":
        from .reference import reference

        reference(a.out, a.adapter, a.file)


def main() -> None:
    a = arguments()
    for step in STEPS if a.step == "all" else [a.step]:
        perform(step, a)


if __name__ == "__main__":
    main()
