"""A real notebook kernel, for tests."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

jupyter_client: Any = pytest.importorskip("jupyter_client")
pytest.importorskip("ipykernel")

TIMEOUT_S = 90.0
"""Far above what anything here needs, on a loaded machine too."""


class Notebook:
    """Runs cells one after the other."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.manager = jupyter_client.KernelManager(kernel_name="python3")
        self.manager.start_kernel(**({} if environment is None else {"env": dict(environment)}))
        self.displays: list[dict[str, Any]] = []
        self._connect()

    def _connect(self) -> None:
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT_S)

    def run(self, code: str) -> str:
        """Return what the cell prints, its last value, or the name of its error."""
        return self.result(self.start(code))

    def start(self, code: str) -> str:
        """Run a cell without waiting."""
        return str(self.client.execute(code))

    def result(self, request: str) -> str:
        """Wait for a cell."""
        output = ""
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT_S)
            if message["parent_header"].get("msg_id") != request:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    output += content["text"]
                case "execute_result":
                    output += content["data"]["text/plain"]
                case "display_data" | "update_display_data":
                    self.displays.append(content)
                case "error":
                    output += content["ename"]
                case "status" if content["execution_state"] == "idle":
                    return output.strip()

    def wait_for_output(self, text: str) -> None:
        """Wait until a running cell prints."""
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT_S)
            if message["msg_type"] == "stream" and text in message["content"]["text"]:
                return

    def wait_for_display(self) -> dict[str, Any]:
        """Wait until a running cell shows something."""
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT_S)
            if message["msg_type"] == "display_data":
                return dict(message["content"])

    def restart(self) -> None:
        """Restart the kernel."""
        self.client.stop_channels()
        self.manager.restart_kernel()
        self._connect()

    def close(self) -> float:
        """Shut the kernel down; return how long that took, in seconds."""
        begin = time.monotonic()
        if not self.manager.has_kernel:
            return 0.0
        self.client.stop_channels()
        self.manager.shutdown_kernel()
        self.manager.cleanup_resources()
        return time.monotonic() - begin
