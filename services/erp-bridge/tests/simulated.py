"""A running simulator and how tests talk to it, as its client and as the person at its screen."""

import base64
import hashlib
import io
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from embedded.ports import free_port

KEY, SECRET = "APPKEY", "APPSECRET"
STARTED_SECONDS, LOOK_SECONDS = 100.0, 0.1


@dataclass
class Simulator:
    """A simulator process; calls go to it over HTTP."""

    base_url: str
    http: httpx.Client
    environment: dict[str, str]
    process: "subprocess.Popen[bytes]"

    @property
    def journal(self) -> Path:
        """Where its records are."""
        return Path(self.environment["OMIE_SIMULATOR_DIRECTORY"]) / "journal.jsonl"

    def kill(self) -> None:
        """Ends it without a warning."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """Starts another on the same records, and waits until it answers."""
        self.process = _start(self.environment)
        _until_up(self)

    def post(self, service: str, call: str, *, secret: str = SECRET, **param: Any) -> httpx.Response:
        """Calls a method and returns the whole answer."""
        body = {"call": call, "app_key": KEY, "app_secret": secret, "param": [param]}
        return self.http.post(f"{self.base_url}/api/v1/{service}/", json=body)

    def call(self, service: str, call: str, **param: Any) -> dict[str, Any]:
        """Calls a method, which must work, and returns what it answered."""
        answer = self.post(service, call, **param)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def fault(self, service: str, call: str, **param: Any) -> tuple[int, str, str]:
        """Calls a method, which must not work, and returns status, faultcode and faultstring."""
        answer = self.post(service, call, **param)
        body = answer.json()
        return answer.status_code, body["faultcode"].removeprefix("SOAP-ENV:"), body["faultstring"]

    def control(self, path: str, **given: Any) -> dict[str, Any]:
        """Does what only a person or time can do."""
        answer = self.http.post(f"{self.base_url}/_control/{path}", json=given)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def stats(self) -> dict[str, Any]:
        """Returns the counts."""
        found: dict[str, Any] = self.http.get(f"{self.base_url}/_control/stats").json()
        return found

    def records(self, table: str) -> list[dict[str, Any]]:
        """Returns the records of a table, oldest first."""
        found: list[dict[str, Any]] = self.http.get(f"{self.base_url}/_control/records/{table}").json()["items"]
        return found


@contextmanager
def running(directory: Path, key: str = KEY) -> Iterator[Simulator]:
    """Starts a simulator on the records of a directory, and kills it afterwards: it must bear that."""
    port = free_port()
    environment = {
        "OMIE_SIMULATOR_LISTEN": f"127.0.0.1:{port}",
        "OMIE_SIMULATOR_DIRECTORY": str(directory),
        "OMIE_SIMULATOR_APP_KEY": key,
        "OMIE_SIMULATOR_APP_SECRET": SECRET,
    }
    with httpx.Client(timeout=30) as http:
        simulator = Simulator(f"http://127.0.0.1:{port}", http, environment, _start(environment))
        try:
            _until_up(simulator)
            yield simulator
        finally:
            simulator.kill()


def _start(environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "omie_simulator"], env={**os.environ, **environment})


def _until_up(simulator: Simulator) -> None:
    deadline = time.monotonic() + STARTED_SECONDS
    while True:
        try:
            simulator.stats()
        except httpx.TransportError:
            assert simulator.process.poll() is None, "the simulator ended"
            assert time.monotonic() < deadline, "the simulator does not come up"
            # Who asks without a pause takes the processor from what it waits for.
            time.sleep(LOOK_SECONDS)
        else:
            return


def packed(name: str, content: bytes) -> dict[str, str]:
    """Returns cArquivo and cMd5 of a file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    text = base64.b64encode(buffer.getvalue()).decode()
    return {"cNomeArquivo": name, "cArquivo": text, "cMd5": hashlib.md5(text.encode()).hexdigest()}
