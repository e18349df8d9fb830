"""The few answers of Kubernetes that a run launcher asks for, over HTTP: jobs are kept and never run."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml


@dataclass
class KubernetesApi:
    """The jobs that it was given, by name.

    Attributes
    ----------
    kubeconfig : with which a client finds it
    refuses : every request, as where the account has no rights any more
    """

    kubeconfig: str
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuses: bool = False


@contextmanager
def kubernetes_api(folder: Path) -> Iterator[KubernetesApi]:
    """Answer on a free port of 127.0.0.1."""
    api = KubernetesApi(str(folder / "kubeconfig"))

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _of_job(self) -> None:
            name = self.path.partition("/jobs/")[2].partition("/")[0].partition("?")[0]
            if api.refuses:
                self._answer(403, {"kind": "Status", "reason": "Forbidden"})
            elif "/pods" in self.path:
                self._answer(200, {"apiVersion": "v1", "kind": "PodList", "items": []})
            elif name not in api.jobs:
                self._answer(404, {"kind": "Status", "reason": "NotFound"})
            elif self.command == "DELETE":
                self._answer(200, api.jobs.pop(name))
            else:
                self._answer(200, api.jobs[name])

        do_GET = do_DELETE = _of_job  # noqa: N815  # http.server's names

        def do_POST(self) -> None:
            job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            api.jobs[job["metadata"]["name"]] = job
            self._answer(201, job)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Path(api.kubeconfig).write_text(yaml.safe_dump(_kubeconfig(f"http://127.0.0.1:{server.server_port}")))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _kubeconfig(address: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": {"server": address}}],
        "users": [{"name": "me", "user": {}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "current-context": "here",
    }
