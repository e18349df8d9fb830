"""Secrets for ENVIRONMENT=cloud, from Google Secret Manager; `settings` says which setting each one fills."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud.secretmanager import SecretManagerServiceClient


class SecretError(ValueError):
    """A secret cannot be read; the message says which, why and what to do, but never its value."""


def read_secrets(project: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return the latest version of every secret, read once per process.

    Parameters
    ----------
    project : Google Cloud project id
    names : setting -> name of its secret

    Raises
    ------
    SecretError
        A secret cannot be read.
    """
    return {setting: _read(project, name) for setting, name in names.items()}


SECONDS = 20.0
"""Maximum time for reading one secret, retries included, s (the client's default is 60)."""


@cache
def _read(project: str, name: str) -> str:
    from google.api_core import exceptions
    from google.api_core.retry import Retry
    from google.auth.exceptions import GoogleAuthError

    path = f"projects/{project}/secrets/{name}/versions/latest"
    try:
        patient = Retry(predicate=lambda error: isinstance(error, exceptions.ServiceUnavailable), timeout=SECONDS)
        answer = _client().access_secret_version(name=path, retry=patient, timeout=SECONDS)
        return str(answer.payload.data.decode()).strip()
    except UnicodeDecodeError:
        raise SecretError(f"Secret {name} of project {project} is not text: store it as UTF-8") from None
    except exceptions.NotFound:
        raise SecretError(
            f"Secret {name} is not in project {project}: create it with `gcloud secrets create`"
        ) from None
    except exceptions.PermissionDenied:
        raise SecretError(
            f"No permission to read secret {name} of project {project}: grant this account the role "
            "roles/secretmanager.secretAccessor"
        ) from None
    except exceptions.FailedPrecondition:
        raise SecretError(
            f"The latest version of secret {name} of project {project} is disabled or destroyed: enable it, or add one "
            "with `gcloud secrets versions add`"
        ) from None
    except exceptions.InvalidArgument:
        raise SecretError(f"{project} is not the id of a Google Cloud project: correct GCP_PROJECT_ID") from None
    except (exceptions.Unauthenticated, GoogleAuthError):
        raise SecretError(
            "The Google Cloud credentials are expired or not valid: run `gcloud auth application-default login` again"
        ) from None
    except (exceptions.RetryError, exceptions.ServiceUnavailable, exceptions.DeadlineExceeded):
        raise SecretError(
            f"Google Secret Manager does not answer ({SECONDS:g} s, secret {name} of project {project}): check the "
            "network, and try again later"
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
