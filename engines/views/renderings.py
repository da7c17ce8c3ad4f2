"""Which rendering an engine gets: the kernels where its input lies on a device, and else the host's."""

from collections.abc import Callable, Sequence

from engines.cache import ModelStore
from engines.catalog import ModelSpec
from engines.gpu.owner import gpu_owner
from engines.render.cpu import CPURenderer
from engines.render.cuda.compiled import read_kernels
from engines.render.cuda.device import RenderDevice
from engines.render.cuda.proof import require_proven_kernels
from engines.runtime.base import Engine
from engines.views.base import ViewEngine
from engines.views.device import DeviceViews
from engines.views.host import HostViews
from engines.views.on_device import device_engine


class Renderings:
    """Gives engines what renders their input. All of one kind share a renderer, and so a frame that was looked at.

    Args:
        store: where compiled kernels lie.
        open_device: opens the device when the first engine has its input there; None = that of this process.
    """

    def __init__(self, store: ModelStore, open_device: Callable[[], RenderDevice] | None = None) -> None:
        self._open = open_device or (lambda: process_device(store))
        self._device: RenderDevice | None = None
        self._renderer = CPURenderer()
        self._made: list[DeviceViews] = []

    def of(self, spec: ModelSpec, engines: Sequence[Engine]) -> tuple[ViewEngine, ...]:
        """Return active engines of a model, each with what renders its input, in their order.

        Raises:
            EngineError: there is a device but no kernels for it, or it failed.
        """
        return tuple(self._of_one(spec, engine) for engine in engines)

    def close(self) -> None:
        """Free what was made on a device; before the engines are freed. Does nothing the second time."""
        made, self._made = self._made, []
        for views in made:
            views.close()
        device, self._device = self._device, None
        if device is not None:
            device.close()

    def _of_one(self, spec: ModelSpec, engine: Engine) -> ViewEngine:
        output = spec.output_names[0]
        on_device = device_engine(engine)
        if on_device is None:
            return HostViews(engine, self._renderer, spec.input, output)
        if self._device is None:
            self._device = self._open()
        views = DeviceViews(on_device, self._device, spec.input, output=output, batch=engine.input_shape[0])
        self._made.append(views)
        return views


def process_device(store: ModelStore) -> RenderDevice:
    """Return the kernels on the device of this process, proven to render what is defined.

    Raises:
        AcceptanceError: they do not.
        EngineError: there are no kernels for it; they are never compiled here.
        DeviceError: the device failed.
    """
    owner = gpu_owner()
    capability = owner.do(lambda gpu: gpu.facts.capability)
    device = RenderDevice(owner, read_kernels(store, capability))
    require_proven_kernels(device)
    return device
