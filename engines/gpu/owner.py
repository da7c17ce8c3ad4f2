"""The process's one device owner."""

from engines.errors import RuntimeMissingError
from engines.gpu.base import GpuOwner


def gpu_owner() -> GpuOwner:
    """Return the owner of the device; it is started by the first call.

    Raises:
        RuntimeMissingError: there is no device, or nothing to drive it with.
    """
    raise RuntimeMissingError("this build drives no CUDA device", hint="use the openvino or onnxruntime runtime")
