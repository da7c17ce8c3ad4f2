"""What ``import tensorrt`` finds in a process whose path begins with this folder: the strict fake."""

import json
import os
import sys
import time

from tests.support.strict_tensorrt import strict_tensorrt

_module = strict_tensorrt(os.environ["STRICT_TENSORRT_VERSION"])
_module.faults = json.loads(os.environ.get("STRICT_TENSORRT_FAULTS", "{}"))
if "kill" in _module.faults:

    def _die(*_: object) -> None:
        os.kill(os.getpid(), int(_module.faults["kill"]))
        time.sleep(60)  # the signal may reach another thread a moment later: this one must not get on meanwhile

    _module.faults["Builder.build_serialized_network"] = _die
sys.modules[__name__] = _module
