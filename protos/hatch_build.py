"""Generates the contract's code when a wheel of comanda-protos is built."""

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GenerateBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # generic only in its stubs
    """Fills `gen/` before hatchling collects the files of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generates everything; an editable install only points at `gen/`, which `make protos` fills."""
        if version != "editable":
            runpy.run_path(str(Path(self.root) / "build.py"), run_name="__main__")
