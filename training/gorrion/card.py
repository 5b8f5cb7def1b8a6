"""The model card (Spanish), written from measured results alone."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from safetensors import safe_open

from .config import CONTEXT, RELATOS, VOCABULARY, Work

SOURCES = {
    "cuentos": ("Cuentos", "dominio público", "cligs/textbox, *Corpus de Cuentos de la Edad de Plata* (J. Calvo Tello, marcado CC BY 4.0); Project Gutenberg por GITenberg"),
    "cuentos_sencillos": ("Cuentos sencillos", "dominio público; 36 cuentos CC BY 3.0", "libros de lectura y cuentos infantiles de Project Gutenberg; African Storybook / Global Storybooks (global-asp, CC BY 3.0, autores y traductores en cada cuento)"),
    "novelas": ("Novelas desde 1890", "dominio público (PDM 1.0 / marcado CC BY 4.0)", "cligs/conha19 (U. Henny-Krahmer), COST-ELTeC/ELTeC-spa (B. Navarro Colorado), cligs/textbox (J. Calvo Tello)"),
    "frases": ("Frases cotidianas", "CC BY 2.0 FR", "Tatoeba (tatoeba.org), por www.manythings.org/anki"),
    "libros_texto": ("Libros de texto", "CC BY 4.0", "OpenStax: física, química, estadística y precálculo. © Rice University"),
    "charla": ("Charla (personalidad amigable)", "MIT", "Personality Chat, © Microsoft Corporation; sin las filas delicadas"),
    "teatro": ("Teatro", "dominio público", "dracor-org/spandracor (derivado de GHEDI/BETTE) y Project Gutenberg"),
    "cervantes": ("Cervantes y Lazarillo", "dominio público", "Project Gutenberg por GITenberg"),
    "leyes": ("Leyes", "Datos Abiertos – Uruguay", "Fuente: IMPO — Centro de Información Oficial (https://www.impo.com.uy). Datos reutilizados bajo la Licencia de Datos Abiertos – Uruguay (Decreto 54/017)"),
    "recetas": ("Recetas", "dominio público; 95 recetas MIT", "Project Gutenberg (*La mejor cocinera*, *Cocina moderna*) e iberi22/ComoCocinar"),
    "sonetos": ("Sonetos", "CC BY 4.0", "DISCO v5: Ruiz Fabo, Bermúdez Sabel, Martínez Cantón y Calvo Tello, UNED, 2017"),
    "documentacion": ("Documentación técnica", "CC0 / CC BY 4.0 / Apache-2.0", "python/python-docs-es (© PSF), reactjs/es.react.dev, huggingface/course"),
    RELATOS: ("Relatos generados", "CC0", "escritos para este proyecto por el generador de `training/relatos`"),
}  # fmt: skip

VOICES = {
    "quijote": "prosa de Cervantes, *Don Quijote*",
    "recetas": "recetas de cocina",
    "sonetos": "sonetos de los siglos XV a XIX",
    "leyes": "lenguaje de las leyes",
    "charla-ingeniosa": "contesta con ingenio (plantilla de chat)",
    "charla-profesional": "contesta con formalidad (plantilla de chat)",
}


def spanish(number: float, decimals: int) -> str:
    return f"{number:,.{decimals}f}".replace(",", " ").replace(".", ",")


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def data_table(mixture: dict[str, float], sources: dict) -> str:
    total = sum(mixture.values())
    lines = [
        "| Texto | Parte de la mezcla | Bits por carácter (apartado) | Licencia | Origen y atribución |",
        "|---|---:|---:|---|---|",
    ]
    for name, share in sorted(mixture.items(), key=lambda item: -item[1]):
        title, licence, origin = SOURCES[name]
        bits = spanish(sources[name]["bpc"], 2) if name in sources else "—"
        part = spanish(100 * share / total, 1)
        lines.append(f"| {title} | {part} % | {bits} | {licence} | {origin} |")
    return "\n".join(lines)


def adapter_table(work: Work) -> str:
    lines = [
        "| Afinado | Voz | Minutos | Antes | Después | Respuesta exacta |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, voice in VOICES.items():
        path = work.results / f"adapter-{name}.json"
        if not path.exists():
            continue
        r = json.loads(path.read_text())
        exact = "—"
        if "exact_match" in r:
            exact = f"{spanish(100 * r['exact_match'], 0)} % de {r['asked']}"
        before, after = spanish(r["bpc_before"], 2), spanish(r["bpc_after"], 2)
        minutes = spanish(r["minutes"], 1)
        lines.append(f"| `{name}` | {voice} | {minutes} | {before} | {after} | {exact} |")
    return "\n".join(lines)


def base_samples(results: dict) -> str:
    return "\n\n".join(
        f"**{n}.** semilla {s['seed']}, principio «{s['principio']}»\n\n"
        + quoted(f"{s['principio']}{s['continuacion']}")
        for n, s in enumerate(results["samples"], 1)
    )


def tuned_samples(work: Work) -> str:
    parts = []
    for name in VOICES:
        path = work.results / f"adapter-{name}.json"
        if not path.exists():
            continue
        parts.append(f"**`{name}`**")
        for s in json.loads(path.read_text())["samples"]:
            if "pregunta" in s:
                parts.append(quoted(f"— {s['pregunta']}\n— {s['respuesta']}"))
            else:
                parts.append(quoted(f"{s['principio']}{s['continuacion']}"))
    return "\n\n".join(parts)


def parameters(folder: Path) -> int:
    with safe_open(folder / "model.safetensors", "pt") as file:
        return sum(file.get_tensor(name).numel() for name in file.keys())


def shape(folder: Path) -> str:
    c = json.loads((folder / "config.json").read_text())
    return (
        f"{c['num_hidden_layers']} capas, anchura {c['hidden_size']}, {c['num_attention_heads']} "
        f"cabezas ({c['num_key_value_heads']} de clave y valor), capa intermedia "
        f"{c['intermediate_size']}, contexto de {CONTEXT} tokens, vocabulario de {VOCABULARY} "
        "(BPE de bytes)"
    )


def last_log_row(work: Work) -> dict:
    with work.log.open() as file:
        return list(csv.DictReader(file))[-1]


def write(work: Work, out: Path, path: Path) -> None:
    results = json.loads((work.results / "base.json").read_text())
    log = last_log_row(work)
    mixture = json.loads(work.mixture.read_text())
    b, s = results["baselines"], results["sampling"]
    stories = results["sources"]
    documents = sum(stories[n]["documents"] for n in ("cuentos", "cuentos_sencillos"))
    count = parameters(out / "gorrion") / 1e6
    text = f"""---
language: es
license: cc-by-4.0
library_name: transformers
pipeline_tag: text-generation
tags: [llama, spanish, small-language-model]
---

# Gorrión

Modelo de lengua pequeño, en español, que funciona dentro del navegador. Continúa textos: se le da
un principio y escribe lo que sigue. Se ha entrenado desde cero con textos de licencia abierta, sin
cláusulas de compartir igual.

## Cuánto mide

- {spanish(count, 1)} millones de parámetros; {shape(out / "gorrion")}. Arquitectura Llama.
- Entrenado en CPU (dos hilos) durante {spanish(float(log["minutes"]), 0)} minutos:
  {spanish(int(log["tokens"]) / 1e6, 1)} millones de tokens leídos en {spanish(int(log["step"]), 0)} pasos.
- En el navegador corre con pesos de 8 bits (CPU) o de 4 y 8 bits (GPU); las cifras y muestras de
  esta ficha son las del modelo antes de esa compresión.

## Cuánto sabe

Bits por carácter en cuentos que no ha visto ({documents} textos apartados antes de entrenar,
{spanish(b["characters"], 0)} caracteres); menos es mejor.

| | Bits por carácter |
|---|---:|
| **Gorrión** | **{spanish(results["stories_bpc"], 3)}** |
| 5-grama de caracteres (Witten–Bell, {spanish(b["training_characters"] / 1e6, 0)} millones de caracteres de entrenamiento) | {spanish(b["five_gram"], 3)} |
| xz -9e, que antes ha leído los mismos {spanish(b["training_characters"] / 1e6, 0)} millones | {spanish(b["xz_primed"], 3)} |
| xz -9e, solo con los textos apartados | {spanish(b["xz"], 3)} |

## Con qué ha aprendido

{data_table(mixture, results["sources"])}

La parte es la de las ventanas de entrenamiento sacadas de cada origen al final del entrenamiento. En
cada origen se aparta por documentos entre un 1 y un 3 % que no se usa para entrenar. Los relatos
generados comparten frases de plantilla entre sí: su cifra es baja por eso, y el modelo puede repetir
esas frases tal cual. De la charla, la lista profesional es de microsoft/botframework-solutions (MIT);
las otras cuatro vienen de una copia (guillermobadia/qNaSECA) que no declara licencia propia: son el
mismo material editorial, que Microsoft publicó con licencia MIT en BotBuilder-PersonalityChat.

El modelo se publica con CC BY 4.0: al usarlo hay que conservar las atribuciones de esta tabla.

## Afinados

Seis adaptadores LoRA (rango 8) sobre el mismo modelo. Bits por carácter en textos apartados de su
voz, antes y después; en los de charla, solo las respuestas, y además cuántas respuestas a preguntas
apartadas coinciden letra por letra con la esperada.

{adapter_table(work)}

## Lo que no puede hacer

- No sabe hechos: nombres, fechas, cifras y leyes que escribe son inventados, aunque suenen bien.
- Pierde el hilo a las pocas frases. No razona, no cuenta y no sigue instrucciones; los afinados de
  charla responden a saludos y preguntas parecidas a las que han visto, y a las demás con una
  respuesta bien formada que no viene al caso.
- Buena parte de lo leído es de antes de 1940 y trae los prejuicios de su época sobre las mujeres, los
  pueblos y las religiones. Puede repetirlos. No conviene usarlo sin mirar lo que escribe.
- Solo español. Sin código, sin otras lenguas.

## Doce muestras

Sin elegir ni corregir: una por semilla, con los principios fijados antes de entrenar. Temperatura
{spanish(s["temperature"], 1)}, top-p {spanish(s["top_p"], 2)}, hasta {s["max_new_tokens"]} tokens.

{base_samples(results)}

## Muestras de los afinados

Semilla 1, con la misma configuración.

{tuned_samples(work)}

## Cómo se hizo

La receta entera está en `training/`, con su README:

```sh
python -m gorrion all --data DATOS --work TRABAJO --out checkpoints --stories relatos.jsonl --minutes {spanish(float(log["minutes"]), 0)}
```
"""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    print(path)
