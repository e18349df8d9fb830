"""The sentence made from the annotation, and its embedding."""

from bachata_assets import schemas
from bachata_assets.collection.clip import Clip
from bachata_assets.families import Absent
from bachata_assets.language.encoder import installed_fingerprint, text_version
from bachata_assets.language.sentence import annotation_sentence, says_anything
from bachata_assets.pipeline.stage import ClipStage, Made, Tables
from bachata_assets.pipeline.stages.vectors import vector_figures, vector_made
from bachata_assets.pipeline.tools import Models


def stages() -> list[ClipStage]:
    """Return the language stages."""
    return [
        ClipStage(
            name="text_embedding",
            inputs=("annotation",),
            schema=schemas.embedding("text"),
            code_version=text_version(installed_fingerprint()),
            description="The annotation as a sentence, embedded by all-MiniLM-L6-v2; 384 numbers.",
            group="language",
            kinds=("python", "huggingface", "parquet"),
            make=make_text_embedding,
            reads_files=True,
            figures=vector_figures,
        )
    ]


def make_text_embedding(clip: Clip, _tables: Tables, models: Models) -> Made:
    """Turn the annotation into a sentence and embed it; an empty one has no vector, since all would be alike."""
    if not says_anything(clip.annotation):
        return vector_made("text", clip.clip_id, Absent("no annotation says what the clip shows"), {}, sentence=None)
    sentence = annotation_sentence(clip.annotation)
    vector = models.text.encoder().encode([sentence])[0]
    return vector_made("text", clip.clip_id, vector, {"sentence": sentence}, sentence=sentence)
