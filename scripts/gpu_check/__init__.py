"""What a CUDA machine shows of the gate: kernels bit by bit, their speed against the device's own, a soak, networks.

Run with ``make gpu-check``, or on a bare machine ``python3 -m scripts.gpu_check --kit DIR`` from the checkout. It needs
Python 3.11 or newer with numpy and OpenCV, nvcc and a C++ compiler, and no network.
"""
