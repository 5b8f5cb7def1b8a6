"""Finished weights as Hugging Face folders, each replaced in one step."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification

from gorrion.export import copy_tokenizer, replace_folder, staging

from .config import MODEL, NAMES, Work


def export(work: Work, model, target: Path) -> None:
    """float16: half of the size, and no weight here is near its limits."""
    folder = staging(target)
    model.eval().to("cpu", torch.float16).save_pretrained(folder)
    copy_tokenizer(work, folder)
    (folder / "model.safetensors").chmod(0o644)
    replace_folder(folder, target)
    size = sum(f.stat().st_size for f in target.iterdir()) / 1e6
    print(f"{target}: {size:.2f} MB", flush=True)


def masked_words(work: Work) -> BertForMaskedLM:
    """The pretrained model without its pooler, which predicting words has no use for."""
    model = BertForMaskedLM(BertConfig(**MODEL))
    saved = torch.load(work.checkpoint, map_location="cpu", weights_only=False)["model"]
    wanted = model.state_dict().keys()
    missing = model.load_state_dict(
        {k: v for k, v in saved.items() if k in wanted}, strict=False
    ).missing_keys
    assert not missing, missing
    return model


def load_masked_words(out: Path) -> BertForMaskedLM:
    return BertForMaskedLM.from_pretrained(out / NAMES["mlm"], dtype=torch.float32).eval()


def load_classifier(out: Path, task: str) -> BertForSequenceClassification:
    return BertForSequenceClassification.from_pretrained(
        out / NAMES[task], dtype=torch.float32
    ).eval()
