"""The finished base as a Hugging Face folder, replaced in one step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from transformers import GenerationConfig, LlamaForCausalLM

from .config import FIN_ID, Work
from .model import build

CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '<|u|>' + message['content'] }}"
    "{% elif message['role'] == 'assistant' %}{{ '<|a|>' + message['content'] + '<|fin|>' }}"
    "{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|a|>' }}{% endif %}"
)


def replace_folder(new: Path, old: Path) -> None:
    """new takes the place of old; a reader sees one or the other, never half of one."""
    old.parent.mkdir(parents=True, exist_ok=True)
    if old.exists():
        retired = old.with_name(f".{old.name}.old")
        shutil.rmtree(retired, ignore_errors=True)
        old.rename(retired)
        new.rename(old)
        shutil.rmtree(retired)
    else:
        new.rename(old)


def staging(folder: Path) -> Path:
    path = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def copy_tokenizer(work: Work, folder: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(work.tokenizer / name, folder / name)


def from_checkpoint(work: Work) -> LlamaForCausalLM:
    saved = torch.load(work.checkpoint, map_location="cpu", weights_only=False)
    model = build()
    model.load_state_dict(saved["model"])
    return model


def plain_rope(path: Path) -> None:
    """transformers 5 nests the base of the rotation; most other readers look for it at the top."""
    config = json.loads(path.read_text())
    config["rope_theta"] = config["rope_parameters"]["rope_theta"]
    path.write_text(json.dumps(config, indent=2) + "\n")


def export(work: Work, out: Path) -> None:
    model = from_checkpoint(work).to(torch.bfloat16)
    model.generation_config = GenerationConfig(
        bos_token_id=FIN_ID,
        eos_token_id=FIN_ID,
        pad_token_id=FIN_ID,
        do_sample=True,
        temperature=0.8,
        top_p=0.95,
    )
    target = out / "gorrion"
    folder = staging(target)
    model.save_pretrained(folder)
    copy_tokenizer(work, folder)
    plain_rope(folder / "config.json")
    (folder / "model.safetensors").chmod(0o644)
    replace_folder(folder, target)
    size = sum(f.stat().st_size for f in target.iterdir()) / 1e6
    print(f"{target}: {size:.1f} MB")
