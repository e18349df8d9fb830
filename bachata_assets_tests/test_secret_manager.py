"""The real client against a gRPC server of the test's own that speaks the Secret Manager API."""

import base64
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import grpc
import pytest
from google.cloud import secretmanager
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)
from google.cloud.secretmanager_v1.types import AccessSecretVersionRequest, AccessSecretVersionResponse
from pydantic import SecretStr

from bachata_assets import secret_manager
from bachata_assets import settings as settings_module
from bachata_assets.search import SearchConfig, SearchIndex
from bachata_assets.search.elasticsearch.client import connect, warn_once
from bachata_assets.search.errors import SearchError
from bachata_assets.settings import SettingsError, load_settings
from bachata_assets_tests.support.file_contents import holding
from bachata_assets_tests.support.paths import PROJECT
from bachata_assets_tests.support.workplace import Workplace, generate

SECRETS = {
    "elasticsearch-host": "search.example.com",
    "elasticsearch-port": "9243",
    "elasticsearch-username": "ana",
    "elasticsearch-password": "hunter2",
    "mmpose-checkpoint-path": "/models",
}


class SecretManager(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc publishes no types
    """Serves AccessSecretVersion, counting calls."""

    def __init__(self) -> None:
        self.secrets = dict(SECRETS)
        self.forbidden: set[str] = set()
        self.refusal: grpc.StatusCode | None = None
        self.calls: list[str] = []

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        if not call.method.endswith("/AccessSecretVersion"):
            return None
        return grpc.unary_unary_rpc_method_handler(
            self._access,
            request_deserializer=AccessSecretVersionRequest.deserialize,
            response_serializer=AccessSecretVersionResponse.serialize,
        )

    def _access(
        self, request: AccessSecretVersionRequest, context: grpc.ServicerContext
    ) -> AccessSecretVersionResponse:
        self.calls.append(request.name)
        name = request.name.split("/")[3]
        if self.refusal:
            context.abort(self.refusal, "refused")
        if name in self.forbidden:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "denied")
        if name not in self.secrets:
            context.abort(grpc.StatusCode.NOT_FOUND, "not found")
        return AccessSecretVersionResponse(payload={"data": self.secrets[name].encode()})


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretManager]:
    handler = SecretManager()
    server = grpc.server(ThreadPoolExecutor(2), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    transport = SecretManagerServiceGrpcTransport(channel=grpc.insecure_channel(f"127.0.0.1:{port}"))
    client = secretmanager.SecretManagerServiceClient(transport=transport)
    secret_manager._read.cache_clear()
    monkeypatch.setattr(secret_manager, "_client", lambda: client)
    yield handler
    server.stop(None)
    secret_manager._read.cache_clear()


def test_the_cloud_environment_fills_the_five_settings(cloud: SecretManager) -> None:
    settings = load_settings(environment="cloud", gcp_project_id="dance")
    assert settings.elasticsearch_host == "search.example.com"
    assert settings.elasticsearch_port == 9243
    assert settings.elasticsearch_username == "ana"
    assert settings.elasticsearch_password is not None
    assert settings.elasticsearch_password.get_secret_value() == "hunter2"
    assert str(settings.mmpose_checkpoint_path) == "/models"
    assert cloud.calls[0] == "projects/dance/secrets/elasticsearch-host/versions/latest"


def test_secrets_are_read_once_a_process(cloud: SecretManager) -> None:
    for _ in range(3):
        load_settings(environment="cloud", gcp_project_id="dance")
    assert len(cloud.calls) == len(SECRETS)


def test_a_flag_and_the_environment_win_over_a_secret(cloud: SecretManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_PORT", "9999")
    settings = load_settings(environment="cloud", gcp_project_id="dance", mmpose_checkpoint_path="mine")
    assert settings.elasticsearch_port == 9999
    assert str(settings.mmpose_checkpoint_path) == "mine"
    assert settings.elasticsearch_host == "search.example.com"


def test_a_missing_secret_is_named_with_the_remedy(cloud: SecretManager) -> None:
    del cloud.secrets["elasticsearch-port"]
    with pytest.raises(SettingsError, match="Secret elasticsearch-port is not in project dance: create it"):
        load_settings(environment="cloud", gcp_project_id="dance")


def test_a_forbidden_secret_is_named_with_the_role_to_grant(cloud: SecretManager) -> None:
    cloud.forbidden.add("elasticsearch-password")
    with pytest.raises(SettingsError, match=r"elasticsearch-password.*roles/secretmanager.secretAccessor"):
        load_settings(environment="cloud", gcp_project_id="dance")


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (grpc.StatusCode.UNAVAILABLE, r"^Google Secret Manager does not answer \(0.3 s, secret elasticsearch-host"),
        (grpc.StatusCode.FAILED_PRECONDITION, "elasticsearch-host of project dance is disabled or destroyed: enable"),
        (grpc.StatusCode.INVALID_ARGUMENT, "dance is not the id of a Google Cloud project: correct GCP_PROJECT_ID"),
        (grpc.StatusCode.UNAUTHENTICATED, "credentials are expired or not valid: run `gcloud auth"),
    ],
)
def test_what_keeps_a_secret_from_us_is_one_clear_line(
    refusal: grpc.StatusCode, said: str, cloud: SecretManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_manager, "SECONDS", 0.3)
    cloud.refusal = refusal
    with pytest.raises(SettingsError, match=said) as caught:
        load_settings(environment="cloud", gcp_project_id="dance")
    assert "\n" not in str(caught.value)


def test_white_space_around_a_secret_does_not_count(cloud: SecretManager) -> None:
    cloud.secrets["elasticsearch-host"] = " search.example.com\n"
    assert load_settings(environment="cloud", gcp_project_id="dance").elasticsearch_host == "search.example.com"


def test_an_api_key_needs_no_secrets_of_a_user(cloud: SecretManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", "key")
    del cloud.secrets["elasticsearch-username"], cloud.secrets["elasticsearch-password"]
    settings = load_settings(environment="cloud", gcp_project_id="dance")
    assert settings.elasticsearch_username is None
    assert settings.elasticsearch_api_key is not None


def test_missing_credentials_are_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", "nowhere")
    secret_manager._client.cache_clear()
    with pytest.raises(SettingsError, match="No Google Cloud credentials found: run `gcloud auth"):
        load_settings(environment="cloud", gcp_project_id="dance")


class Refusing(BaseHTTPRequestHandler):
    """An Elasticsearch that lets nobody in, and remembers who came."""

    came: set[str] = set()  # noqa: RUF012

    def answer(self) -> None:
        self.came.add(self.headers.get("Authorization", ""))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(401)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"error": {"type": "security_exception", "reason": "no"}, "status": 401}')

    do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def refusing_elasticsearch() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    Refusing.came.clear()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def listening_socket() -> Iterator[tuple[int, list[bytes]]]:
    """A port, and the first bytes of everybody who connects to it."""
    received: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return  # closed: the test is over
            with connection:
                received.append(connection.recv(65536))

    Thread(target=listen, daemon=True).start()
    yield server.getsockname()[1], received
    server.close()


def test_in_the_cloud_no_credentials_go_over_plain_http(
    cloud: SecretManager, listening_socket: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, received = listening_socket
    cloud.secrets |= {"elasticsearch-host": "127.0.0.1", "elasticsearch-port": str(port)}
    monkeypatch.setattr("bachata_assets.search.elasticsearch.client.BACKOFF_SECONDS", 0.01)
    settings = load_settings(environment="cloud", gcp_project_id="dance")
    config = SearchConfig.from_settings(settings)
    assert (config.use_ssl, config.verify_certs) == (True, True)
    with SearchIndex(config) as index, pytest.raises(SearchError):
        index.count()
    assert received
    assert all(first[:1] == b"\x16" for first in received)  # the handshake of TLS, before anything is said
    assert b"Authorization" not in b"".join(received)


def test_only_an_explicit_no_ends_https_in_the_cloud_with_a_warning(
    cloud: SecretManager, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings_module._warn.cache_clear()
    monkeypatch.setenv("ELASTICSEARCH_USE_SSL", "false")
    settings = load_settings(environment="cloud", gcp_project_id="dance")
    assert not SearchConfig.from_settings(settings).use_ssl
    assert "requests to Elasticsearch use plain http; unset it for https" in caplog.text


@pytest.mark.parametrize(
    ("host", "warns"), [("search.example.com", True), ("10.0.0.7", True), ("127.0.0.1", False), ("localhost", False)]
)
def test_credentials_over_plain_http_warn_once_unless_they_stay_on_this_machine(
    host: str, warns: bool, caplog: pytest.LogCaptureFixture
) -> None:
    warn_once.cache_clear()
    for _ in range(2):
        connect(SearchConfig(host=host, api_key=SecretStr("key"))).close()
    assert caplog.text.count("go over the network by plain http") == warns
    assert "key" not in caplog.text.replace("API key", "")


def test_a_run_writes_no_secret_anywhere(
    cloud: SecretManager,
    refusing_elasticsearch: int,
    place: Workplace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    password = "correct-horse-battery"
    cloud.secrets["elasticsearch-host"] = "127.0.0.1"
    cloud.secrets["elasticsearch-port"] = str(refusing_elasticsearch)
    cloud.secrets["elasticsearch-password"] = password
    cloud.secrets["mmpose-checkpoint-path"] = str(PROJECT / "checkpoints")
    monkeypatch.setenv("GCP_PROJECT_ID", "dance")
    monkeypatch.setenv("ELASTICSEARCH_USE_SSL", "false")
    words = (place.videos, place.annotations, place.data, "--environment", "cloud", "--debug")
    refused = generate(*words)
    assert refused.exit_code == 2, refused.output  # the index is asked first
    assert cloud.calls == list(dict.fromkeys(cloud.calls))  # each read once
    result = generate(*words, "--index", "later")
    assert result.exit_code == 0, result.output
    sent = base64.b64encode(f"ana:{password}".encode()).decode()
    assert f"Basic {sent}" in Refusing.came
    assert "embedding_generation.log" in {path.name for path in place.data.iterdir()}
    for secret in (password, sent):
        assert holding(place.folder, secret) == set()
        assert secret not in refused.output + result.output
