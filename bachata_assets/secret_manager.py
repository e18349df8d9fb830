"""Secrets of ENVIRONMENT=cloud, from Google Secret Manager. Which setting each one fills is `settings.py`'s concern."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud.secretmanager import SecretManagerServiceClient


class SecretError(ValueError):
    """A secret cannot be read; the message says which, why and what to do. Never what is in it."""


def read_secrets(project: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return the latest version of every secret, read once a process.

    Parameters
    ----------
    project : Google Cloud project id
    names : setting -> name of its secret

    Raises
    ------
    SecretError
    """
    return {setting: _read(project, name) for setting, name in names.items()}


@cache
def _read(project: str, name: str) -> str:
    from google.api_core import exceptions

    path = f"projects/{project}/secrets/{name}/versions/latest"
    try:
        return str(_client().access_secret_version(name=path).payload.data.decode())
    except exceptions.NotFound:
        raise SecretError(
            f"Secret {name} is not in project {project}: create it with `gcloud secrets create`"
        ) from None
    except exceptions.PermissionDenied:
        raise SecretError(
            f"No permission to read secret {name} of project {project}: grant this account the role "
            "roles/secretmanager.secretAccessor"
        ) from None
    except exceptions.GoogleAPICallError as error:
        raise SecretError(f"Cannot read secret {name} of project {project}: {error.message}") from None


@cache
def _client() -> "SecretManagerServiceClient":
    from google.auth.exceptions import DefaultCredentialsError
    from google.cloud.secretmanager import SecretManagerServiceClient

    try:
        return SecretManagerServiceClient()
    except DefaultCredentialsError:
        raise SecretError(
            "No Google Cloud credentials found: run `gcloud auth application-default login`, or set "
            "GOOGLE_APPLICATION_CREDENTIALS"
        ) from None
