// The yardstick of memory: read sixteen bytes, write sixteen bytes, as wide as the device is.

#include <stdint.h>

extern "C" __global__ void eg_copy(const uint4 *from, uint4 *to, const uint64_t *count) {
    const uint64_t stride = (uint64_t)gridDim.x * blockDim.x;
    for (uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x; i < *count; i += stride) to[i] = from[i];
}
