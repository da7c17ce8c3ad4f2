"""What ``import tensorrt`` finds in a process whose path begins with this folder: the strict fake."""

import json
import os
import sys

from tests.support.strict_tensorrt import strict_tensorrt

_module = strict_tensorrt(os.environ["STRICT_TENSORRT_VERSION"])
_module.faults = json.loads(os.environ.get("STRICT_TENSORRT_FAULTS", "{}"))
if "kill" in _module.faults:
    _module.faults["Builder.build_serialized_network"] = lambda *_: os.kill(os.getpid(), int(_module.faults["kill"]))
sys.modules[__name__] = _module
