"""What a runtime is asked to compile."""

from dataclasses import dataclass
from pathlib import Path

from engines.runtime.base import Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRequest:
    """One model for one fixed shape.

    Attributes:
        model_id: catalog id.
        model_path: its ONNX file: of ``precision``, or fp32 for a runtime that rounds on its own, see
            :func:`engines.runtime.registry.file_precision`.
        model_sha256: hash that the file must have when it is loaded.
        output_names: outputs that the engine gives.
        input_shape: (batch, channels, height, width).
        precision: arithmetic.
        threads: CPU threads of one inference, at least 1.
        cache_dir: folder for compiled models, or None to compile each time.
    """

    model_id: str
    model_path: Path
    model_sha256: str
    output_names: tuple[str, ...]
    input_shape: tuple[int, int, int, int]
    precision: Precision
    threads: int
    cache_dir: Path | None = None

    def __post_init__(self) -> None:
        if self.threads < 1 or min(self.input_shape) < 1:
            raise ValueError(f"threads and shape must be positive, got {self.threads} and {self.input_shape}")
