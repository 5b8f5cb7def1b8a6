"""LoRA fine-tunes of the base in PEFT's layout: voices (plain text) and chat personalities."""

from __future__ import annotations

import json
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from . import texts, tokenizer
from .config import ASSISTANT_ID, FIN_ID, USER_ID, Work
from .export import CHAT_TEMPLATE, copy_tokenizer, replace_folder, staging
from .model import document_nats
from .pretrain import rate
from .samples import ADAPTER_PROMPTS, QUESTIONS, answered, continued

RANK, ALPHA = 8, 16
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
IGNORED = -100
ASKED = 200  # held-out questions whose greedy answer is compared letter by letter


@dataclass(frozen=True)
class Voice:
    """Plain text of one source, only the documents whose id has the prefix."""

    source: str
    prefix: str = ""
    maximum_characters: int | None = None


@dataclass(frozen=True)
class Personality:
    name: str


ADAPTERS: dict[str, Voice | Personality] = {
    "quijote": Voice("cervantes", "PG2000"),
    "recetas": Voice("recetas"),
    "sonetos": Voice("sonetos"),
    "leyes": Voice("leyes", maximum_characters=3_000_000),
    "charla-ingeniosa": Personality("ingeniosa"),
    "charla-profesional": Personality("profesional"),
}


def attach(base: LlamaForCausalLM) -> PeftModel:
    config = LoraConfig(
        r=RANK,
        lora_alpha=ALPHA,
        lora_dropout=0.0,
        target_modules=PROJECTIONS,
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(base, config)
    model.peft_config["default"].base_model_name_or_path = "gorrion"
    return model


# --- batches: (inputs, targets), targets IGNORED where nothing is learnt -----------------------


class TextBatches:
    def __init__(self, stream: np.ndarray, length: int, rows: int):
        self.stream, self.length, self.rows = stream.astype(np.int64), length, rows
        self.random = np.random.default_rng(3)
        self.queue: list[int] = []

    def next(self) -> tuple[torch.Tensor, torch.Tensor]:
        windows = []
        for _ in range(self.rows):
            if not self.queue:
                # The grid is moved every epoch, so that windows never repeat exactly.
                first = int(self.random.integers(0, self.length))
                starts = np.arange(first, len(self.stream) - self.length - 1, self.length)
                self.queue = self.random.permutation(starts).tolist()
            start = self.queue.pop()
            windows.append(self.stream[start : start + self.length + 1])
        batch = torch.from_numpy(np.stack(windows))
        return batch[:, :-1], batch[:, 1:]


def dialogue(question: list[int], answer: list[int]) -> tuple[list[int], list[int]]:
    """(ids, targets): the loss is on the answer and its end alone."""
    prompt = [FIN_ID, USER_ID, *question, ASSISTANT_ID]
    ids = [*prompt, *answer, FIN_ID]
    return ids[:-1], [IGNORED] * (len(prompt) - 1) + ids[len(prompt) :]


class ChatBatches:
    def __init__(self, examples: list[tuple[list[int], list[int]]], rows: int):
        self.examples, self.rows = examples, rows
        self.random = random.Random(3)
        self.queue: list[int] = []

    def next(self) -> tuple[torch.Tensor, torch.Tensor]:
        picked = []
        for _ in range(self.rows):
            if not self.queue:
                self.queue = list(range(len(self.examples)))
                self.random.shuffle(self.queue)
            picked.append(self.examples[self.queue.pop()])
        width = max(len(ids) for ids, _ in picked)
        inputs = torch.full((len(picked), width), FIN_ID)
        targets = torch.full((len(picked), width), IGNORED)
        for row, (ids, wanted) in enumerate(picked):
            inputs[row, : len(ids)] = torch.tensor(ids)
            targets[row, : len(ids)] = torch.tensor(wanted)
        return inputs, targets


# --- training -----------------------------------------------------------------------------------


def fit(model: PeftModel, batches, minutes: float, peak: float, device: str) -> int:
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=peak, betas=(0.9, 0.99), weight_decay=0.01)
    inner = model.get_base_model()
    begin, step = time.monotonic(), 0
    model.train()
    while (elapsed := time.monotonic() - begin) < 60 * minutes:
        inputs, targets = (t.to(device) for t in batches.next())
        with torch.autocast(device, dtype=torch.bfloat16):
            hidden = inner.model(input_ids=inputs, use_cache=False).last_hidden_state
            kept = targets != IGNORED
            # Only the positions that are learnt pass through the vocabulary projection.
            logits = inner.lm_head(hidden[kept])
        loss = torch.nn.functional.cross_entropy(logits.float(), targets[kept])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trainable, 1.0)
        optimizer.param_groups[0]["lr"] = peak * rate(elapsed / (60 * minutes), 0.03, 0.6)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        if step % 50 == 0:
            print(f"  {elapsed / 60:.1f} min step {step} nats {loss.item():.3f}", flush=True)
    model.eval()
    return step


# --- data and measures of each kind --------------------------------------------------------------


def voice_documents(work: Work, voice: Voice, part: str) -> list[texts.Document]:
    chosen = [d for d in texts.read(work, voice.source, part) if d.id.startswith(voice.prefix)]
    if part == "train" and voice.maximum_characters:
        random.Random(5).shuffle(chosen)
        total, kept = 0, []
        for d in chosen:
            if (total := total + len(d.text)) > voice.maximum_characters:
                break
            kept.append(d)
        return kept
    return chosen


def bits(model, tok: Tokenizer, documents: list[str]) -> float:
    """Held-out bits per character of whole documents."""
    inner = model.get_base_model()  # the Llama itself, its LoRA layers in place
    nats = sum(document_nats(inner, [FIN_ID, *ids]) for ids in tokenizer.encode(tok, documents))
    return nats / math.log(2) / sum(map(len, documents))


def question_held_out(question: str) -> bool:
    # The split of the base, which has read other answers to the same questions.
    return texts.is_held_out("charla", texts.question_id(question))


@torch.no_grad()
def greedy(model, prompt: list[int], maximum: int = 40) -> list[int]:
    ids = list(prompt)
    for _ in range(maximum):
        logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
        if (token := int(logits.argmax())) == FIN_ID:
            break
        ids.append(token)
    return ids[len(prompt) :]


def exact_match(model, tok: Tokenizer, pairs: list[tuple[str, str]]) -> tuple[float, list[dict]]:
    answers = []
    for question, expected in pairs:
        prompt = [FIN_ID, USER_ID, *tokenizer.encode(tok, [question])[0], ASSISTANT_ID]
        answer = tok.decode(greedy(model, prompt))
        answers.append({"pregunta": question, "respuesta": answer, "esperada": expected})
    hits = sum(a["respuesta"] == a["esperada"] for a in answers)
    return hits / len(answers), answers


def chat_bits(model, tok: Tokenizer, pairs: list[tuple[str, str]]) -> float:
    """Held-out bits per character of the answers given their questions."""
    nats = 0.0
    for question, answer in pairs:
        q, a = tokenizer.encode(tok, [question, answer])
        prompt = [FIN_ID, USER_ID, *q, ASSISTANT_ID]
        nats += document_nats(model.get_base_model(), [*prompt, *a], first=len(prompt))
    return nats / math.log(2) / sum(len(a) for _, a in pairs)


def train_voice(model, tok, work: Work, voice: Voice, minutes: float, device: str) -> dict:
    train = [d.text for d in voice_documents(work, voice, "train")]
    held_out = [d.text[:20_000] for d in voice_documents(work, voice, "heldout")]
    stream = tokenizer.pack(tokenizer.encode(tok, train))
    with model.disable_adapter():
        before = bits(model, tok, held_out)
    steps = fit(model, TextBatches(stream, 256, 8), minutes, 2e-3, device)
    return {
        "bpc_before": before,
        "bpc_after": bits(model, tok, held_out),
        "heldout_characters": sum(map(len, held_out)),
        "steps": steps,
    }


def train_chat(
    model, tok, data: Path, personality: Personality, minutes: float, device: str
) -> dict:
    pairs = texts.chat_pairs(data, personality.name)
    held_out = [p for p in pairs if question_held_out(p[0])]
    held_out.sort(key=lambda p: texts.stable_fraction(p[0]))  # the file is sorted by intent
    train = [p for p in pairs if not question_held_out(p[0])]
    questions = tokenizer.encode(tok, [q for q, _ in train])
    answers = tokenizer.encode(tok, [a for _, a in train])
    examples = [dialogue(q, a) for q, a in zip(questions, answers, strict=True)]
    with model.disable_adapter():
        before = chat_bits(model, tok, held_out)
    steps = fit(model, ChatBatches(examples, 64), minutes, 2e-3, device)
    match, answers_given = exact_match(model, tok, held_out[:ASKED])
    return {
        "bpc_before": before,
        "bpc_after": chat_bits(model, tok, held_out),
        "exact_match": match,
        "heldout_questions": len(held_out),
        "asked": min(ASKED, len(held_out)),
        "steps": steps,
        "answers": answers_given[:20],
    }


def half_precision(folder: Path) -> None:
    """PEFT saves float32; half is exact enough for A and B and halves the download."""
    path = folder / "adapter_model.safetensors"
    tensors = {name: tensor.to(torch.float16) for name, tensor in load_file(path).items()}
    save_file(tensors, path, metadata={"format": "pt"})
    path.chmod(0o644)


def save(model: PeftModel, target: Path, work: Work, chat: bool) -> None:
    folder = staging(target)
    model.save_pretrained(folder)
    half_precision(folder)
    (folder / "README.md").unlink(missing_ok=True)
    if chat:
        copy_tokenizer(work, folder)
        (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    replace_folder(folder, target)


def samples_of(model: PeftModel, tok: Tokenizer, name: str) -> list[dict]:
    inner = model.get_base_model()
    if isinstance(ADAPTERS[name], Personality):
        return [answered(inner, tok, 1, question) for question in QUESTIONS]
    return [continued(inner, tok, 1, ADAPTER_PROMPTS[name])]


def train(
    work: Work, data: Path, out: Path, minutes: float, device: str, only: list[str] | None
) -> None:
    work.results.mkdir(parents=True, exist_ok=True)
    tok = tokenizer.load(work)
    for name, kind in ADAPTERS.items():
        if only and name not in only:
            continue
        print(name, flush=True)
        torch.manual_seed(11)
        base = LlamaForCausalLM.from_pretrained(out / "gorrion", dtype=torch.float32).to(device)
        model = attach(base)
        if isinstance(kind, Voice):
            measured = train_voice(model, tok, work, kind, minutes, device)
        else:
            measured = train_chat(model, tok, data, kind, minutes, device)
        save(model, out / "adapters" / name, work, chat=isinstance(kind, Personality))
        measured = {"id": name, "minutes": minutes, **measured}
        measured["samples"] = samples_of(model, tok, name)
        (work.results / f"adapter-{name}.json").write_text(
            json.dumps(measured, indent=2, ensure_ascii=False)
        )
        shown = {k: v for k, v in measured.items() if k not in ("answers", "samples")}
        print(json.dumps(shown, ensure_ascii=False), flush=True)
