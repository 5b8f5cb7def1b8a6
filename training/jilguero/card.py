"""The three model cards (Spanish), written from measured results alone."""

from __future__ import annotations

import json
from pathlib import Path

from gorrion.card import spanish

from .config import CONTEXT, MODEL, NAMES, VOCABULARY, Work

SOURCES = {
    "contextos": ("Párrafos enciclopédicos", "CC BY-SA 4.0", "contextos de XQuAD-es (google-deepmind/xquad) y SQuAD-es (ccasimiro88/TranslateAlignRetrieve, traducción automática); textos de Wikipedia"),
    "cuentos": ("Cuentos", "dominio público; 36 cuentos CC BY 3.0", "cligs/textbox, *Corpus de Cuentos de la Edad de Plata* (J. Calvo Tello, marcado CC BY 4.0); Project Gutenberg por GITenberg; African Storybook / Global Storybooks (global-asp)"),
    "novelas": ("Novelas desde 1890", "dominio público (PDM 1.0 / marcado CC BY 4.0)", "cligs/conha19 (U. Henny-Krahmer), COST-ELTeC/ELTeC-spa (B. Navarro Colorado), cligs/textbox (J. Calvo Tello)"),
    "libros_texto": ("Libros de texto", "CC BY 4.0", "OpenStax: física, química, estadística y precálculo. © Rice University"),
    "frases": ("Frases cotidianas", "CC BY 2.0 FR", "Tatoeba (tatoeba.org), por www.manythings.org/anki"),
    "noticias": ("Noticias y frases de entrenamiento de SIB-200", "CC BY-SA 4.0", "NTREX-128 (Federmann, Kocmi y Xin, 2022); SIB-200 (Adelani et al., 2023) sobre FLORES-200"),
    "documentacion": ("Documentación técnica", "CC0 / CC BY 4.0 / Apache-2.0", "python/python-docs-es (© PSF), reactjs/es.react.dev, huggingface/course"),
    "tutoriales": ("Tutoriales", "CC BY 3.0/4.0 y CC BY-SA 3.0/4.0", "Raspberry Pi Foundation, Django Girls, The Carpentries, GNOME, github/opensource.guide"),
    "teatro": ("Teatro", "dominio público", "dracor-org/spandracor (derivado de GHEDI/BETTE) y Project Gutenberg"),
    "leyes": ("Leyes", "Datos Abiertos – Uruguay", "Fuente: IMPO — Centro de Información Oficial (https://www.impo.com.uy). Datos reutilizados bajo la Licencia de Datos Abiertos – Uruguay (Decreto 54/017)"),
    "cervantes": ("Cervantes y Lazarillo", "dominio público", "Project Gutenberg por GITenberg"),
    "sonetos": ("Sonetos", "CC BY 4.0", "DISCO v5: Ruiz Fabo, Bermúdez Sabel, Martínez Cantón y Calvo Tello, UNED, 2017"),
    "recetas": ("Recetas", "dominio público; 95 recetas MIT", "Project Gutenberg (*La mejor cocinera*, *Cocina moderna*) e iberi22/ComoCocinar"),
    "oraciones": ("Oraciones de bancos de árboles", "CC BY-SA 4.0 / CC BY-SA 3.0", "UniversalDependencies: UD_Spanish-GSD y UD_Spanish-PUD"),
}  # fmt: skip

BASELINES = {
    "naive Bayes": "Bayes ingenuo sobre palabras y pares de palabras",
    "logistic regression on tf-idf": "Regresión logística sobre tf-idf de palabras y pares",
}
TITLES = {
    "mlm": "Jilguero",
    "estilos": "Jilguero · estilos",
    "temas": "Jilguero · temas",
}
PIPELINES = {"mlm": "fill-mask", "estilos": "text-classification", "temas": "text-classification"}


def percent(share: float) -> str:
    return f"{spanish(100 * share, 1)} %"


def head(key: str) -> str:
    return f"""---
language: es
license: cc-by-sa-4.0
library_name: transformers
pipeline_tag: {PIPELINES[key]}
tags: [bert, spanish, small-language-model]
---

# {TITLES[key]}
"""


def size(results: dict, key: str) -> str:
    run = results["pretraining"]
    tuned = ""
    if key != "mlm":
        tuned = f", y después {spanish(results['finetuning_minutes'][key], 1)} minutos de afinado"
    return f"""## Cuánto mide

- {spanish(results["parameters"][key] / 1e6, 2)} millones de parámetros: {MODEL["num_hidden_layers"]} capas, anchura \
{MODEL["hidden_size"]}, {MODEL["num_attention_heads"]} cabezas, capa intermedia {MODEL["intermediate_size"]}, \
hasta {CONTEXT} tokens. Arquitectura BERT. Vocabulario de {spanish(VOCABULARY, 0)} trozos (WordPiece, sin \
mayúsculas y con tildes).
- Entrenado en CPU (un hilo de una máquina ocupada también en otras cosas): {spanish(run["minutes"], 0)} minutos de palabras ocultas \
({spanish(run["tokens"] / 1e6, 1)} millones de tokens leídos){tuned}. Sin GPU y sin modelo previo.
- En el navegador corre con pesos de 8 bits; las cifras de esta ficha son las de antes de esa compresión.
"""


def licence(key: str) -> str:
    also = "" if key == "mlm" else f" El preentrenamiento está en la ficha de `{NAMES['mlm']}`."
    return f"""Se publica con CC BY-SA 4.0, porque parte de lo leído tiene esa licencia: al usarlo o cambiarlo hay que
conservar las atribuciones y la licencia.{also}
"""


def sources_table(results: dict) -> str:
    lines = ["| Texto | Parte | Licencia | Origen y atribución |", "|---|---:|---|---|"]
    mixture = results["mixture"]
    for name, share in sorted(mixture.items(), key=lambda item: -item[1]):
        title, terms, origin = SOURCES[name]
        lines.append(f"| {title} | {percent(share / sum(mixture.values()))} | {terms} | {origin} |")
    return "\n".join(lines)


def masked_card(results: dict) -> str:
    m = results["masked_words"]
    return f"""{head("mlm")}
Codificador diminuto, en español, que funciona dentro del navegador. Se le da una frase con una palabra
tapada, `[MASK]`, y propone cuál era. Es también el punto de partida de `{NAMES["estilos"]}` y de
`{NAMES["temas"]}`.

{size(results, "mlm")}
## Cuánto sabe

Tapando al azar un 15 % de los trozos de los textos apartados de los dos clasificadores
({spanish(m["tokens"], 0)} trozos tapados; de ellos, como al entrenar, ocho de cada diez se ven como `[MASK]`,
uno como otra palabra y uno como era):

| | Jilguero | Solo la frecuencia de las palabras |
|---|---:|---:|
| Acierta a la primera | {percent(m["top1"])} | {percent(m["frequency_top1"])} |
| Está entre las cinco primeras | {percent(m["top5"])} | — |
| Nats por trozo (menos es mejor) | {spanish(m["nats"], 2)} | {spanish(m["frequency_nats"], 2)} |

## Con qué ha aprendido

{sources_table(results)}

La parte es la de las ventanas de entrenamiento. Las obras de las que salen los textos apartados, y los
párrafos que comparten con ellos ocho palabras seguidas, no se han usado. Los vectores de las palabras no
parten del azar, sino de contar qué palabras aparecen juntas en estos mismos textos.

{licence("mlm")}
## Lo que no puede hacer

- Propone palabras frecuentes que encajan en la gramática; de hechos sabe casi nada. Lo que propone para
  nombres, fechas o cifras es inventado.
- Las palabras raras son varios trozos, y aquí se tapa un solo trozo.
- Todo se lee en minúsculas. Los saltos de línea no se ven.
- Mucho de lo leído es anterior a 1940 y trae los prejuicios de su época.

{made()}"""


def scores_table(result: dict) -> str:
    test = result["test"]
    lines = [
        f"| Sobre {spanish(test['texts'], 0)} textos apartados | Exactitud | F1 macro |",
        "|---|---:|---:|",
        f"| **Jilguero** | **{percent(test['accuracy'])}** | **{percent(test['macro_f1'])}** |",
    ]
    for key, suffix in (
        ("baselines", ""),
        ("baselines_same_texts", ", con los fragmentos añadidos"),
    ):
        for name, row in result.get(key, {}).items():
            lines.append(
                f"| {BASELINES[name]}{suffix} | {percent(row['accuracy'])} | {percent(row['macro_f1'])} |"
            )
    return "\n".join(lines)


def verdict(result: dict) -> str:
    """Said in words too: a reader looks at the bold row and takes it for the best one."""
    best = max(row["accuracy"] for row in result["baselines"].values())
    if result["test"]["accuracy"] > best:
        return "Supera a los dos métodos de contar palabras."
    return (
        "**No supera al mejor de los métodos que solo cuentan palabras.** Sirve para probar la tarea en el\n"
        "navegador; para clasificar temas de verdad, contar palabras da lo mismo o más."
    )


def confusion_list(result: dict) -> str:
    """The commonest mistakes, gold label first."""
    confusion = result["test"]["confusion"]
    pairs = [(n, a, b) for a, row in confusion.items() for b, n in row.items() if a != b and n]
    lines = [
        f"- «{a}» tomado por «{b}»: {n} de {sum(confusion[a].values())}"
        for n, a, b in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2]))[:5]
    ]
    return "\n".join(lines)


def labels(result: dict) -> str:
    return ", ".join(f"*{label}*" for label in result["labels"])


def styles_card(results: dict) -> str:
    r = results["estilos"]
    return f"""{head("estilos")}
Dice a qué se parece un fragmento en español: {labels(r)}.

Codificador diminuto que funciona dentro del navegador.

{size(results, "estilos")}
## Cuánto acierta

{scores_table(r)}

Los fragmentos se han repartido por obras enteras: ningún cuento, novela, pieza de teatro, ley, receta ni
capítulo del *Quijote* del que salga un fragmento apartado está en el entrenamiento (un libro de cuentos y
una pieza de teatro se apartan enteros; del *Quijote*, de los libros de ciencias y de los manuales se
apartan capítulos o páginas). Con un reparto al azar habría fragmentos de una misma obra en las dos partes.
La variante de cada línea de comparación se eligió con otros {r["dev"]["texts"]} textos, también apartados.

Errores más frecuentes:

{confusion_list(r)}

## Con qué ha aprendido

{spanish(r["published_train_texts"], 0)} fragmentos etiquetados y otros
{spanish(r["train_texts"] - r["published_train_texts"], 0)} que la receta corta de las mismas obras de
entrenamiento: novelas, cuentos, *Quijote*, sonetos, recetas, leyes, libros de ciencias, manuales de
programación, teatro y noticias, con las licencias y atribuciones de la ficha de `{NAMES["mlm"]}`.

{licence("estilos")}
## Lo que no puede hacer

- Solo conoce estos diez estilos, y a todo le da uno: un mensaje o un poema sin rima caerá en el menos lejano.
- Cada estilo viene de pocas fuentes (las leyes son uruguayas; los manuales, de Python, React y Hugging
  Face; las ciencias, de OpenStax). Fuera de ellas no se ha medido.
- *Cuento* y *novela* son en parte de los mismos autores y de la misma época: en un párrafo suelto la
  diferencia es poca.
- No distingue mayúsculas ni saltos de línea.

{made()}"""


def topics_card(results: dict) -> str:
    r = results["temas"]
    return f"""{head("temas")}
Dice de qué trata una frase en español: {labels(r)}.

Codificador diminuto que funciona dentro del navegador.

{size(results, "temas")}
## Cuánto acierta

{scores_table(r)}

{verdict(r)}

Partición original de SIB-200 (Adelani et al., 2023), parte en español. Son pocas frases: con {r["test"]["texts"]}, una diferencia de menos de unos cinco puntos puede ser casualidad. La comparación usa
las mismas {r["published_train_texts"]} frases etiquetadas; la variante de cada línea se eligió con las
{r["dev"]["texts"]} de desarrollo.

Errores más frecuentes:

{confusion_list(r)}

## Con qué ha aprendido

{r["published_train_texts"]} frases etiquetadas de SIB-200 (etiquetas Apache-2.0; textos de FLORES-200, CC BY-SA
4.0) y unas {spanish(results["taught_sentences"], 0)} frases sin etiqueta de los textos de `{NAMES["mlm"]}`
(párrafos enciclopédicos, noticias, libros de texto y otros), puntuadas por un maestro estadístico que
la receta hace con esos mismos textos y etiquetas. Licencias y atribuciones, en la ficha de `{NAMES["mlm"]}`.

{licence("temas")}
## Lo que no puede hacer

- Se equivoca a menudo: la tabla dice cuánto. No conviene decidir nada con él.
- Solo conoce siete temas, y a toda frase le da uno, también a un saludo.
- Aprendió con frases informativas; en conversación o literatura no se ha medido.
- No distingue mayúsculas ni saltos de línea.

{made()}"""


def made() -> str:
    return """## Cómo se hizo

La receta entera está en `training/`, con su README:

```sh
python -m jilguero all --data DATOS --work TRABAJO --out checkpoints --models ../public/models
```
"""


def write(work: Work, models: Path) -> None:
    results = json.loads((work.results / "jilguero.json").read_text())
    cards = {"mlm": masked_card, "estilos": styles_card, "temas": topics_card}
    for key, card in cards.items():
        path = models / NAMES[key] / "README.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(card(results))
        print(path)
