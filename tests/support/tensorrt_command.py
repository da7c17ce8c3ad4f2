"""``python -m tests.support.tensorrt_command``: the command line on a machine with the strict fake of TensorRT."""

import sys

import pytest

from edge.commands.app import run_command_line
from tests.support.tensorrt_stage import tensorrt_stage

if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch, tensorrt_stage(patch):
        sys.exit(run_command_line(sys.argv[1:]))
