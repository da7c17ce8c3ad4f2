"""What a CUDA machine shows of the gate: kernels bit by bit, their speed against the device's own, a soak, networks.

Two commands, on two machines::

    make gpu-kit      where there is a network: gathers what the other machine lacks into gpu-kit/
    make gpu-check    on the machine with the device, in a copy of the checkout with gpu-kit/ in it, without a network

The second machine has CUDA's compiler, a C++ compiler, Python 3.12 with its headers, pip, numpy and OpenCV. With
torch and onnx, or with onnxruntime, the models run there too. The page that it writes is docs/reference/gpu.md.
"""
