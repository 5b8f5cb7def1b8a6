"""Steps of the recipe; `all` runs them in order. Each step can be run again by itself."""

from __future__ import annotations

import argparse
from pathlib import Path

from .config import TASKS, Work

STEPS = ["prepare", "tokenizer", "pretrain", "finetune", "evaluate", "card"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="jilguero", description=__doc__)
    parser.add_argument("step", choices=["all", *STEPS, "reference"])
    parser.add_argument("--data", type=Path, help="folder of the published texts")
    parser.add_argument(
        "--work", type=Path, help="folder of what can be made again; a run resumes here"
    )
    parser.add_argument("--out", type=Path, default=Path("checkpoints"), help="finished weights")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--minutes", type=float, default=12, help="training time of the masked words"
    )
    parser.add_argument(
        "--only", nargs="*", default=TASKS, choices=TASKS, help="tasks to fine-tune"
    )
    parser.add_argument(
        "--models", type=Path, help="folder of the published models, for their cards"
    )
    parser.add_argument("--file", type=Path, help="where the reference is written")
    return parser.parse_args()


def perform(step: str, a: argparse.Namespace) -> None:
    """The imports are here because torch takes seconds and some steps do without it."""
    work = Work(a.work) if a.work else None
    if step == "prepare":
        from . import texts

        texts.prepare(a.data, work)
    elif step == "tokenizer":
        from . import tokenizer

        tokenizer.make(work)
    elif step == "pretrain":
        from .export import export, masked_words
        from .pretrain import Run, Settings

        Run(work, Settings(minutes=a.minutes, device=a.device)).train()
        export(work, masked_words(work), a.out / "jilguero")
    elif step == "finetune":
        from .classify import train

        for task in a.only:
            train(work, a.out, task, a.device)
    elif step == "evaluate":
        from .evaluate import evaluate

        evaluate(work, a.out)
    elif step == "card":
        from .card import write

        write(work, a.models)
    elif step == "reference":
        from .reference import reference

        reference(a.out, a.file)


def main() -> None:
    a = arguments()
    import torch

    torch.set_num_threads(a.threads)
    for step in STEPS if a.step == "all" else [a.step]:
        perform(step, a)


if __name__ == "__main__":
    main()
