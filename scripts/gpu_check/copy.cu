// The yardstick of memory: read sixteen bytes, write sixteen bytes, four of them on their way at once in every thread.

#include <stdint.h>

enum { EG_AT_ONCE = 4 };

extern "C" __global__ void __launch_bounds__(256)
    eg_copy(const uint4 *__restrict__ from, uint4 *__restrict__ to, const uint64_t *__restrict__ count) {
    const uint64_t end = *count, stride = (uint64_t)gridDim.x * blockDim.x;
    uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x;
    for (; i + (EG_AT_ONCE - 1) * stride < end; i += EG_AT_ONCE * stride) {
        uint4 held[EG_AT_ONCE];
#pragma unroll
        for (int j = 0; j < EG_AT_ONCE; ++j) held[j] = from[i + j * stride];
#pragma unroll
        for (int j = 0; j < EG_AT_ONCE; ++j) to[i + j * stride] = held[j];
    }
    for (; i < end; i += stride) to[i] = from[i];
}
