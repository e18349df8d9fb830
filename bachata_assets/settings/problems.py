"""Error messages and warnings about settings, which name each setting as users write it."""

import reprlib
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

MAY_HOLD_A_PASSWORD = ("elasticsearch_host", "elasticsearch_username")
"""Settings that may contain a password by mistake; their values are not shown."""
PLAIN_HTTP = (
    "ELASTICSEARCH_USE_SSL=false with ENVIRONMENT=cloud: requests to Elasticsearch use plain http; unset it for https"
)
SHARED_LANCEDB = (
    "The state is in PostgreSQL and the data dir in a bucket, as for many machines, but the index is LanceDB, "
    "which supports one writer",
    "set ELASTICSEARCH_HOST, or let only one machine at a time make clips",
)
"""A doubtful combination of settings, and the remedy."""
UNUSED = {
    "ELASTICSEARCH_MAX_CONNECTIONS": "requests are made one after another, by one connection",
    "MMPOSE_CONFIDENCE": "the thresholds are part of the code that makes the vectors, so that all of them compare",
    "MMPOSE_HAND_DETECTION": "BACHATA_HANDS=true finds the hands, with an official model set",
    "YOLOV8_MODEL": "BACHATA_MODEL_SET chooses the models that find the dancers",
    "YOLOV8_CONFIDENCE": "the thresholds are part of the code that makes the vectors, so that all of them compare",
    "YOLOV8_DEVICE": "the model sets say where their models run",
    "YOLOV8_IOU_THRESHOLD": "the thresholds are part of the code that makes the vectors, so that all of them compare",
    "YOLOV8_MAX_DET": "the thresholds are part of the code that makes the vectors, so that all of them compare",
}
"""Variable of the earlier pipeline that has no effect here -> why."""


def problem_of(error: Mapping[str, Any], settings: type[BaseModel], variables: Mapping[str, str]) -> str:
    """Return the message for a wrong setting: its variable, its value unless that may be a secret, what is allowed.

    Parameters
    ----------
    error : an entry of pydantic's list of errors
    settings : the settings class
    variables : setting -> its environment variable
    """
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return str(message)
    said = str(error["loc"][0])
    name = next((name for name, variable in variables.items() if said.upper() in (name.upper(), variable)), said)
    variable = variables.get(name, said)
    field, value = settings.model_fields[name], str(error["input"])
    is_secret = field.annotation == SecretStr | None or name in MAY_HOLD_A_PASSWORD or "@" in value
    shown = variable if is_secret else f"{variable} = {reprlib.repr(value)}"
    own = error["type"] == "value_error"
    return f"{shown}: {message if own else f'must be {_allowed(field)}'}"


def _allowed(field: FieldInfo) -> str:
    """Return the allowed values of a setting in words; empty if its type allows any."""
    if get_origin(field.annotation) is Literal:
        return " or ".join(map(str, get_args(field.annotation)))
    bounds = {type(bound).__name__: getattr(bound, type(bound).__name__.lower(), None) for bound in field.metadata}
    least = f" from {bounds['Ge']}" if "Ge" in bounds else f" above {bounds['Gt']}" if "Gt" in bounds else ""
    most = f" to {bounds['Le']}" if "Le" in bounds else ""
    kinds: dict[Any, str] = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        bool | None: "true or false",
    }
    return f"{kinds.get(field.annotation, '')}{least}{most}"
