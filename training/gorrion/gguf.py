"""The finished base as GGUF, for the bench that runs llama.cpp in the browser on the same weights.

`python -m gorrion.gguf --checkpoint checkpoints/gorrion --out gorrion-q8_0.gguf`
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
from safetensors import safe_open

QUANTISATIONS = {
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
    "f32": (gguf.GGMLQuantizationType.F32, gguf.LlamaFileType.ALL_F32),
}
LAYER_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
OTHER_NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def name_of(tensor: str) -> str:
    if tensor in OTHER_NAMES:
        return OTHER_NAMES[tensor]
    layer, rest = tensor.removeprefix("model.layers.").split(".", 1)
    return f"blk.{layer}.{LAYER_NAMES[rest.removesuffix('.weight')]}.weight"


def interleave(weight: np.ndarray, heads: int) -> np.ndarray:
    """llama.cpp rotates neighbouring rows; Hugging Face rotates the two halves of a head."""
    rows, columns = weight.shape
    halves = weight.reshape(heads, 2, rows // heads // 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns)


def tensors(checkpoint: Path, config: dict) -> Iterator[tuple[str, np.ndarray]]:
    heads = {"q_proj": config["num_attention_heads"], "k_proj": config["num_key_value_heads"]}
    with safe_open(checkpoint / "model.safetensors", framework="pt") as file:
        for tensor in file.keys():
            weight = file.get_tensor(tensor).float().numpy()
            projection = tensor.split(".")[-2]
            if projection in heads:
                weight = interleave(weight, heads[projection])
            yield name_of(tensor), weight


def add_model(writer: gguf.GGUFWriter, config: dict) -> None:
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])


def add_tokenizer(writer: gguf.GGUFWriter, checkpoint: Path, config: dict) -> None:
    tokenizer = json.loads((checkpoint / "tokenizer.json").read_text())
    vocabulary = sorted(tokenizer["model"]["vocab"].items(), key=lambda entry: entry[1])
    specials = {token["id"] for token in tokenizer["added_tokens"]}
    types = [gguf.TokenType.CONTROL if i in specials else gguf.TokenType.NORMAL for _, i in vocabulary]
    writer.add_tokenizer_model("gpt2")
    # Single digits, then GPT-2's expression: the pre-tokenizer that llama.cpp knows by this name.
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list([token for token, _ in vocabulary])
    writer.add_token_types(types)
    writer.add_token_merges([" ".join(merge) for merge in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(True)


def convert(checkpoint: Path, out: Path, quantisation: str) -> None:
    """Matrices are quantised, the embedding too; vectors stay float32. Readers never see half a file."""
    config = json.loads((checkpoint / "config.json").read_text())
    matrix_type, file_type = QUANTISATIONS[quantisation]
    unfinished = out.with_name(f".{out.name}.new")
    out.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(unfinished, "llama")
    writer.add_name("Gorrión")
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    add_model(writer, config)
    add_tokenizer(writer, checkpoint, config)
    for name, weight in tensors(checkpoint, config):
        kind = matrix_type if weight.ndim == 2 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(name, gguf.quants.quantize(weight, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    unfinished.replace(out)


def main() -> None:
    parser = argparse.ArgumentParser(prog="gorrion.gguf", description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoints/gorrion"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--type", choices=list(QUANTISATIONS), default="q8_0")
    arguments = parser.parse_args()
    convert(arguments.checkpoint, arguments.out, arguments.type)


if __name__ == "__main__":
    main()
